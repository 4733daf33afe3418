use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use pin_project::pin_project;

use super::ResponseBody;
use super::response_body::Guard;
use crate::body::Body;
use crate::contract::{Application, Request, Response};
use crate::features::{Counted, RequestLifetime, RequestScope, Upgrade};
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
        scope: Arc<RequestScope>,
        counted: Counted,
        offer: Option<Arc<dyn Upgrade>>,
    ) -> Self {
        Self {
            app,
            request,
            guard: Guard::new(scope, counted),
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
    /// - a panic has become a 500 with no content;
    /// - a response to HEAD, and a 1xx, 204, 205 or 304, has no content, and the `Content-Length` that RFC
    ///   9110, section 8.6, allows it;
    /// - the fields that belong to the connection are gone, but for those of a 101 and the `Upgrade` of a 426.
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
        Running {
            head: request.method() == Method::HEAD,
            called: call(app, request, offer),
            aborted: Listener::default(),
            guard: Some(guard),
        }
    }
}

/// A call that runs; see [`Call::run`].
#[pin_project]
struct Running<C> {
    head: bool,
    #[pin]
    called: C,
    aborted: Listener,
    /// Taken with the response.
    guard: Option<Guard>,
}

impl<C: Future<Output = Response>> Future for Running<C> {
    type Output = Result<http::Response<ResponseBody>, Aborted>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // The application's state may be torn by a panic; it is what every thread that shares a lock sees
        // too, and poisoning tells.
        let ended = catch_unwind(AssertUnwindSafe(|| match this.called.poll(cx) {
            Poll::Ready(response) => Some(answer(*this.head, response, this.guard.take())),
            Poll::Pending => None,
        }));
        match ended {
            Ok(Some(answer)) => Poll::Ready(answer),
            // Looked at after the application: it may have aborted just now.
            Ok(None) => match this.guard {
                Some(guard) => guard
                    .lifetime()
                    .poll_aborted(this.aborted, cx)
                    .map(|()| Err(Aborted(()))),
                None => Poll::Ready(Err(Aborted(()))),
            },
            Err(panic) => {
                let response = after_panic(&*panic);
                Poll::Ready(answer(*this.head, response, this.guard.take()))
            }
        }
    }
}

/// Makes an application's response ready to be sent, unless it hung up.
fn answer(
    head: bool,
    mut response: Response,
    guard: Option<Guard>,
) -> Result<http::Response<ResponseBody>, Aborted> {
    match guard {
        Some(guard) if !guard.lifetime().is_aborted() => {
            frame(head, &mut response);
            Ok(response.map(|body| ResponseBody::new(body, guard)))
        }
        _ => Err(Aborted(())),
    }
}

#[cfg(feature = "upgrade-bridge")]
async fn call<A: Application>(
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
async fn call<A: Application>(
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

/// What belongs to the connection, and is none of an application's business; RFC 9110, section 7.6.1.
const CONNECTION_FIELDS: [&str; 5] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

fn belongs_to_connection(field: &HeaderName) -> bool {
    CONNECTION_FIELDS.contains(&field.as_str())
}

/// Gives a response the framing that its status and its request's method ask for.
fn frame(head: bool, response: &mut Response) {
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS
        && response.headers().keys().any(belongs_to_connection)
    {
        // RFC 9110, section 15.5.22: a 426 has to say which protocol would do.
        let wanted = (status == StatusCode::UPGRADE_REQUIRED)
            .then(|| response.headers_mut().remove(header::UPGRADE))
            .flatten();
        for field in CONNECTION_FIELDS {
            response.headers_mut().remove(field);
        }
        if let Some(wanted) = wanted {
            let headers = response.headers_mut();
            headers.insert(header::UPGRADE, wanted);
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        }
    }
    let bodiless = status.is_informational()
        || matches!(
            status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        );
    if !head && !bodiless {
        return;
    }
    let body = std::mem::take(response.body_mut());
    match status {
        StatusCode::RESET_CONTENT => {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        StatusCode::NOT_MODIFIED => {}
        _ if bodiless => {
            response.headers_mut().remove(header::CONTENT_LENGTH);
        }
        // HEAD: the length that GET would have had, where it is known.
        _ => {
            if let Some(length) = body.size_hint().exact()
                && !body.is_end_stream()
                && !response.headers().contains_key(header::CONTENT_LENGTH)
            {
                response
                    .headers_mut()
                    .insert(header::CONTENT_LENGTH, length.into());
            }
        }
    }
}

fn after_panic(panic: &(dyn Any + Send)) -> Response {
    let what = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is not text");
    #[cfg(feature = "tracing")]
    tracing::error!(target: "transom", panic = what, "the application panicked");
    let _ = what;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
