use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use pin_project::pin_project;

use super::ResponseBody;
use super::response_body::Guard;
use crate::body::Body;
use crate::contract::{Application, Request, Response};
use crate::features::{Counted, RequestLifetime, RequestScope, Upgrade};

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
    /// - the fields that belong to the connection are gone, but for those of a 101.
    ///
    /// # Errors
    ///
    /// The application asked to hang up: close the connection (HTTP/2: reset the stream) without a response.
    pub async fn run(self) -> Result<http::Response<ResponseBody>, Aborted> {
        let Self {
            app,
            request,
            guard,
            offer,
        } = self;
        let head = request.method() == Method::HEAD;
        let called = CatchPanic(call(app, request, offer));
        let response = {
            let mut called = pin!(called);
            let mut aborted = pin!(guard.lifetime().aborted());
            std::future::poll_fn(|cx| {
                if let Poll::Ready(outcome) = called.as_mut().poll(cx) {
                    return Poll::Ready(Some(outcome));
                }
                // Looked at after the application: it may have aborted just now.
                aborted.as_mut().poll(cx).map(|()| None)
            })
            .await
        };
        if guard.lifetime().is_aborted() {
            return Err(Aborted(()));
        }
        let mut response = match response {
            Some(Ok(response)) => response,
            Some(Err(panic)) => after_panic(&panic),
            None => return Err(Aborted(())),
        };
        frame(head, &mut response);
        Ok(response.map(|body| ResponseBody::new(body, guard)))
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

/// Gives a response the framing that its status and its request's method ask for.
fn frame(head: bool, response: &mut Response) {
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS {
        for field in [
            header::CONNECTION,
            header::TRANSFER_ENCODING,
            header::UPGRADE,
        ] {
            if response.headers().contains_key(&field) {
                response.headers_mut().remove(field);
            }
        }
        for field in ["keep-alive", "proxy-connection"] {
            if response.headers().contains_key(field) {
                response.headers_mut().remove(field);
            }
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

/// A future whose panics are a value. The application's state may be torn by one; it is what every
/// thread that shares a lock sees too, and poisoning tells.
#[pin_project]
struct CatchPanic<F>(#[pin] F);

impl<F: Future> Future for CatchPanic<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().0;
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
