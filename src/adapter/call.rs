use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::response::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use pin_project::pin_project;

use super::ResponseBody;
use super::observe::{Failure, Observed};
use super::response_body::Guard;
use crate::body::Body;
use crate::contract::{Application, Request, Response};
use crate::features::{RequestLifetime, Upgrade};
use crate::signal::Listener;

/// One request, from its head to the end of its response; made by [`Dispatcher::call`].
///
/// Dropping it, or the future or the body that it becomes, before the response is complete tells the
/// application that the client is gone.
///
/// [`Dispatcher::call`]: super::Dispatcher::call
#[must_use = "a call does nothing until it is run"]
pub struct Call<A> {
    app: Arc<A>,
    request: Request,
    guard: Guard,
    offer: Option<Arc<dyn Upgrade>>,
}

impl<A: Application> Call<A> {
    pub(super) fn new(
        app: Arc<A>,
        request: Request,
        guard: Guard,
        offer: Option<Arc<dyn Upgrade>>,
    ) -> Self {
        Self {
            app,
            request,
            guard,
            offer,
        }
    }

    /// Returns the lifetime, for an engine that can tell that the client is gone while it waits.
    pub fn lifetime(&self) -> &RequestLifetime {
        self.guard.lifetime()
    }

    /// Returns the request as the application will see it.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Returns the request as the application will see it, to add to its features.
    pub fn request_mut(&mut self) -> &mut Request {
        &mut self.request
    }

    /// Calls the application and returns its response, ready to be sent:
    ///
    /// - a panic has become a 500 with no content, and so has what is no response: a 101 although there was
    ///   no upgrade to accept, any other 1xx, and a `Content-Length` that is malformed or not that of a body
    ///   whose length is known;
    /// - a response to HEAD, and a 204, 205 or 304, has no content, and the `Content-Length` that RFC 9110,
    ///   section 8.6, allows it;
    /// - the fields that belong to the connection are gone, but for those of a 101 and the `Upgrade`
    ///   of a 426;
    /// - a body that yields less than was announced, or a piece that goes beyond it, ends with an error; what
    ///   follows the announced length is dropped.
    ///
    /// # Errors
    ///
    /// The application asked to hang up: close the connection (HTTP/2: reset the stream) without a response.
    pub fn run(self) -> impl Future<Output = Result<http::Response<ResponseBody>, Aborted>> + Send {
        let Self {
            app,
            request,
            guard,
            offer,
        } = self;
        // Not an `async fn`: the future is moved into its place in the engine, and such a one holds the
        // request once more for each function that it passes.
        Running::new(
            Asked::of(request.method(), offer.is_some()),
            call(app, request, offer),
            guard,
            |_: &mut Parts, body| body,
        )
    }
}

/// A call that runs; see [`Call::run`].
#[pin_project]
pub(super) struct Running<C, F> {
    asked: Asked,
    #[pin]
    called: C,
    aborted: Listener,
    /// Taken with the response.
    answers: Option<(Guard, F)>,
}

impl<C, F> Running<C, F> {
    /// `finish` makes the engine's own body, and may change the head a last time.
    #[inline]
    pub(super) fn new(asked: Asked, called: C, guard: Guard, finish: F) -> Self {
        Self {
            asked,
            called,
            aborted: Listener::default(),
            answers: Some((guard, finish)),
        }
    }
}

impl<C, F, B> Future for Running<C, F>
where
    C: Future<Output = Response>,
    F: FnOnce(&mut Parts, ResponseBody) -> B,
{
    type Output = Result<http::Response<B>, Aborted>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let called = this.called;
        let Some((guard, _)) = this.answers else {
            return Poll::Ready(Err(Aborted(())));
        };
        guard.observed.enter();
        // The application's state may be torn by a panic; it is what every thread that shares a lock sees
        // too, and poisoning tells.
        let ended = catch_unwind(AssertUnwindSafe(|| called.poll(cx)));
        guard.observed.leave();
        let response = match ended {
            Ok(Poll::Ready(response)) => response,
            // Looked at after the application: it may have aborted just now.
            Ok(Poll::Pending) => {
                let aborted = guard.lifetime().poll_aborted(this.aborted, cx);
                return aborted.map(|()| Err(Aborted(())));
            }
            Err(panic) => after_panic(&mut guard.observed, &*panic),
        };
        Poll::Ready(match this.answers.take() {
            Some((guard, finish)) => answer(*this.asked, response, guard, finish),
            None => Err(Aborted(())),
        })
    }
}

/// What of a request decides how its response is framed.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    head: bool,
    /// There was an upgrade to accept.
    upgrade: bool,
    /// The method itself says what follows.
    connect: bool,
}

impl Asked {
    #[inline]
    pub(super) fn of(method: &Method, upgrade: bool) -> Self {
        Self {
            head: *method == Method::HEAD,
            upgrade,
            connect: *method == Method::CONNECT,
        }
    }
}

/// Makes an application's response ready to be sent, unless it hung up.
#[inline]
fn answer<F, B>(
    asked: Asked,
    response: Response,
    mut guard: Guard,
    finish: F,
) -> Result<http::Response<B>, Aborted>
where
    F: FnOnce(&mut Parts, ResponseBody) -> B,
{
    if guard.lifetime().is_aborted() {
        return Err(Aborted(()));
    }
    let (mut head, mut body) = response.into_parts();
    let length = frame(asked, &mut head, &mut body).unwrap_or_else(|mistake| {
        (head, body) = after_mistake(&mut guard.observed, &mistake).into_parts();
        Some(0)
    });
    guard.observed.answered(head.status);
    let body = finish(&mut head, ResponseBody::new(body, length, guard));
    Ok(http::Response::from_parts(head, body))
}

#[cfg(feature = "upgrade-bridge")]
pub(super) async fn call<A: Application>(
    app: Arc<A>,
    request: Request,
    offer: Option<Arc<dyn Upgrade>>,
) -> Response {
    match offer {
        None => app.call(request).await,
        // Boxed: the common request must not carry the size of an upgrade.
        Some(offer) => Box::pin(super::bridge::call(app, request, offer)).await,
    }
}

#[cfg(not(feature = "upgrade-bridge"))]
pub(super) async fn call<A: Application>(
    app: Arc<A>,
    request: Request,
    _: Option<Arc<dyn Upgrade>>,
) -> Response {
    app.call(request).await
}

impl<A> fmt::Debug for Call<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

/// The application asked to hang up on its client; see [`Call::run`].
#[derive(Clone, Debug)]
pub struct Aborted(());

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the application aborted the request")
    }
}

impl StdError for Aborted {}

/// What of a response no client may see, in words for the log.
struct Mistake(&'static str);

/// Gives a response the framing that its status and its request's method ask for, and returns how many
/// bytes its body has to yield, where that is known.
fn frame(asked: Asked, head: &mut Parts, body: &mut Body) -> Result<Option<u64>, Mistake> {
    let status = head.status;
    if status == StatusCode::SWITCHING_PROTOCOLS && asked.upgrade {
        *body = Body::empty();
        return switch(asked, &mut head.headers).map(|()| None);
    }
    if status.is_informational() {
        return Err(Mistake(
            "the application answered with a status that is no answer",
        ));
    }
    let fields = Fields::of(&head.headers);
    if fields.connection {
        remove_connection_fields(status, &mut head.headers);
    }
    match status {
        StatusCode::NO_CONTENT => {
            *body = Body::empty();
            head.headers.remove(header::CONTENT_LENGTH);
            return Ok(None);
        }
        StatusCode::RESET_CONTENT => {
            *body = Body::empty();
            let zero = HeaderValue::from_static("0");
            head.headers.insert(header::CONTENT_LENGTH, zero);
            return Ok(None);
        }
        _ => {}
    }
    let announced = match fields.length {
        true => content_length(&head.headers)?,
        false => None,
    };
    let exact = body.size_hint().exact();
    if status == StatusCode::NOT_MODIFIED {
        *body = Body::empty();
        return Ok(None);
    }
    if asked.head {
        let body = std::mem::take(body);
        // The length that GET would have had, where it is known.
        if let (None, Some(length), false) = (announced, exact, body.is_end_stream()) {
            head.headers.insert(header::CONTENT_LENGTH, length.into());
        }
        return Ok(None);
    }
    match (announced, exact) {
        (Some(announced), Some(exact)) if announced != exact => Err(Mistake(
            "the application set a Content-Length that is not the length of the body",
        )),
        _ => Ok(announced.or(exact)),
    }
}

/// RFC 9110, sections 7.8 and 15.2.2: a 101 says what the connection turns into, and that it says so for this
/// connection alone.
fn switch(asked: Asked, headers: &mut HeaderMap) -> Result<(), Mistake> {
    if asked.connect {
        return Ok(());
    }
    if !headers.contains_key(header::UPGRADE) {
        return Err(Mistake(
            "the application answered 101 without the field `Upgrade`, which names the protocol that follows",
        ));
    }
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    Ok(())
}

/// Which fields there are that need a closer look. Few responses have one, and one look at each field costs
/// less than a lookup.
#[derive(Default)]
struct Fields {
    /// Some of [`CONNECTION_FIELDS`].
    connection: bool,
    /// A `Content-Length`.
    length: bool,
}

impl Fields {
    fn of(headers: &HeaderMap) -> Self {
        let mut fields = Self::default();
        for field in headers.keys() {
            fields.length |= *field == header::CONTENT_LENGTH;
            fields.connection |= CONNECTION_FIELDS.contains(&field.as_str());
        }
        fields
    }
}

/// What belongs to the connection, and is none of an application's business; RFC 9110, section 7.6.1.
const CONNECTION_FIELDS: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

fn remove_connection_fields(status: StatusCode, headers: &mut HeaderMap) {
    // RFC 9110, section 15.5.22: a 426 has to say which protocol would do.
    let wanted = (status == StatusCode::UPGRADE_REQUIRED)
        .then(|| headers.remove(header::UPGRADE))
        .flatten();
    for field in CONNECTION_FIELDS {
        headers.remove(field);
    }
    if let Some(wanted) = wanted {
        headers.insert(header::UPGRADE, wanted);
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

/// Returns the length that the application announced. Engines differ in what they make of a malformed
/// one, and a client that understands it differently takes one response for another.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Mistake> {
    let mut values = headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let digits = value.as_bytes().iter().all(u8::is_ascii_digit);
    let length = value.to_str().ok().and_then(|value| value.parse().ok());
    match length {
        Some(length) if digits && values.next().is_none() => Ok(Some(length)),
        _ => Err(Mistake(
            "the application set a Content-Length that is no length, or several",
        )),
    }
}

#[cold]
pub(super) fn after_panic(observed: &mut Observed, panic: &(dyn Any + Send)) -> Response {
    let what = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is not text");
    observed.failed(Failure::Panic);
    observed.enter();
    #[cfg(feature = "tracing")]
    tracing::error!(target: "transom", panic = what, "the application panicked");
    observed.leave();
    let _ = what;
    internal_error()
}

#[cold]
fn after_mistake(observed: &mut Observed, mistake: &Mistake) -> Response {
    observed.failed(Failure::InvalidResponse);
    observed.enter();
    #[cfg(feature = "tracing")]
    tracing::error!(target: "transom", "{}", mistake.0);
    observed.leave();
    let _ = mistake.0;
    internal_error()
}

fn internal_error() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
