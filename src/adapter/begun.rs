use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{request, response};
use http_body::Body as HttpBody;
use pin_project::pin_project;

use super::call::{Aborted, Asked, Running, call};
use super::dispatcher::limited;
use super::response_body::Guard;
use super::{Dispatcher, ResponseBody};
use crate::body::BoxError;
use crate::contract::{Application, Request, Response};
use crate::features::{RequestLifetime, Upgrade};

/// A request whose head is ready for the application; made by [`Dispatcher::begin`].
///
/// What [`Call`](super::Call) is, for an engine whose futures may borrow the dispatcher and that makes a body
/// of its own of each response: the request and the response are copied less often. It counts as in flight.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::adapter::Dispatcher;
/// use transom::features::{ConnectionInfo, Scheme, Transport};
/// use transom::{Body, Features, Request, Response, Shutdown};
///
/// let (_trigger, shutdown) = Shutdown::pair();
/// let app = |request: Request| async move { Response::new(Body::from(request.uri().to_string())) };
/// let dispatcher = Dispatcher::new(app, Features::new(), &shutdown);
/// let connection = dispatcher.connection(ConnectionInfo::new(Transport::Memory), Scheme::Http);
///
/// let request = http::Request::get("http://example.com/path").body(Body::empty())?;
/// let (mut head, body) = request.into_parts();
/// let begun = dispatcher.begin(&connection, &mut head, None);
/// assert_eq!(head.uri, "/path"); // as the application will see it
///
/// let answer = begun.run(head, body, |head, body| {
///     head.headers.insert("via", http::HeaderValue::from_static("1.1 doc"));
///     Body::new(body)
/// });
/// let response = answer.await?;
/// assert_eq!(response.headers()["via"], "1.1 doc");
/// assert_eq!(response.into_body().collect(64).await?, "/path");
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[must_use = "a request that was begun has to be run"]
pub struct Begun<'a, A> {
    dispatcher: &'a Dispatcher<A>,
    guard: Guard,
    offer: Option<Arc<dyn Upgrade>>,
}

impl<'a, A: Application> Begun<'a, A> {
    #[inline]
    pub(super) fn new(
        dispatcher: &'a Dispatcher<A>,
        guard: Guard,
        offer: Option<Arc<dyn Upgrade>>,
    ) -> Self {
        Self {
            dispatcher,
            guard,
            offer,
        }
    }

    /// Returns the lifetime, for an engine that can tell that the client is gone while it waits.
    pub fn lifetime(&self) -> &RequestLifetime {
        self.guard.lifetime()
    }

    /// Returns the future that calls the application, and makes its response ready to be sent, as
    /// [`Call::run`](super::Call::run) has it. `finish` makes the engine's body, and may change the head a
    /// last time.
    ///
    /// # Errors
    ///
    /// The application asked to hang up: close the connection (HTTP/2: reset the stream) without a response.
    #[inline]
    pub fn run<B, F, C>(
        self,
        head: request::Parts,
        body: B,
        finish: F,
    ) -> impl Future<Output = Result<http::Response<C>, Aborted>> + Send + use<'a, A, B, F, C>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
        F: FnOnce(&mut response::Parts, ResponseBody) -> C + Send,
    {
        let Self {
            dispatcher,
            guard,
            offer,
        } = self;
        let asked = Asked::of(&head.method, offer.is_some());
        let request = Request::from_parts(head, limited(body, &guard));
        let app = dispatcher.app();
        let called = match offer {
            None => Called::Waits(Some((|request| app.call(request), request))),
            // Boxed: the common request must not carry the size of an upgrade.
            offer => Called::Boxed(Box::pin(call(Arc::clone(app), request, offer))),
        };
        Running::new(asked, called, guard, finish)
    }
}

impl<A> fmt::Debug for Begun<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").finish_non_exhaustive()
    }
}

/// What an application does about a request. It is called where the future lies when it is first polled: a
/// future that is there before is copied with each hand that it passes.
#[pin_project(project = Calling)]
#[allow(
    clippy::large_enum_variant,
    reason = "the large one is the common one, and a box would be an allocation for each request"
)]
enum Called<F, C> {
    Waits(Option<(F, Request)>),
    Runs(#[pin] C),
    Boxed(Pin<Box<dyn Future<Output = Response> + Send>>),
}

impl<F, C> Future for Called<F, C>
where
    F: FnOnce(Request) -> C,
    C: Future<Output = Response>,
{
    type Output = Response;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        if let Calling::Waits(waits) = self.as_mut().project()
            && let Some((call, request)) = waits.take()
        {
            self.set(Self::Runs(call(request)));
        }
        match self.project() {
            // The call panicked; whoever caught that does not poll again.
            Calling::Waits(_) => Poll::Pending,
            Calling::Runs(called) => called.poll(cx),
            Calling::Boxed(called) => called.as_mut().poll(cx),
        }
    }
}
