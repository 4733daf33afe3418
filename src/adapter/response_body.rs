use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::observe::{Failure, Observed};
use crate::body::{Body, Error};
use crate::features::{Counted, MaxRequestBodySize, RequestLifetime, RequestScope};
use crate::signal::Listener;

/// The body of a response on its way out. Its request is in flight until it is dropped.
///
/// It yields exactly as many bytes as were announced, or an error. What follows them is dropped.
pub struct ResponseBody {
    body: Body,
    /// How many bytes are still to come, where the length was announced; or else [`UNANNOUNCED`]. A body is
    /// moved often, and an `Option` would make it larger.
    left: u64,
    guard: Guard,
    /// Made when the body has first to be waited for.
    aborted: Listener,
}

impl ResponseBody {
    pub(super) fn new(body: Body, length: Option<u64>, guard: Guard) -> Self {
        Self {
            body,
            left: length.unwrap_or(UNANNOUNCED),
            guard,
            aborted: Listener::default(),
        }
    }

    /// Returns the lifetime of the request that it answers.
    pub fn lifetime(&self) -> &RequestLifetime {
        self.guard.lifetime()
    }

    /// Takes the whole body, if it is there: one chunk, as long as was announced. After it comes the end.
    ///
    /// It runs no code of the application, so no runtime has to be entered for it, and it costs a fraction of what
    /// reading the body frame by frame does.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use http_body::Body as _;
    /// use transom::adapter::Dispatcher;
    /// use transom::features::{ConnectionInfo, Scheme, Transport};
    /// use transom::{Body, Features, Request, Response, Shutdown};
    ///
    /// let app = async |_: Request| Response::new(Body::from("hello"));
    /// let dispatcher = Dispatcher::new(app, Features::new(), &Shutdown::never());
    /// let connection = dispatcher.connection(ConnectionInfo::new(Transport::Memory), Scheme::Http);
    ///
    /// let request = http::Request::get("/").body(Body::empty())?;
    /// let mut body = dispatcher.call(&connection, request).run().await?.into_body();
    /// assert_eq!(body.take_whole().as_deref(), Some(&b"hello"[..]));
    /// assert!(body.is_end_stream());
    /// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[inline]
    pub fn take_whole(&mut self) -> Option<Bytes> {
        let length = self.body.size_hint().exact()?;
        let fits = self.left().is_none_or(|left| left == length);
        if !fits || self.guard.lifetime().is_aborted() {
            return None;
        }
        let whole = self.body.take_chunk()?;
        if self.left().is_some() {
            self.left = 0;
        }
        Some(whole)
    }

    fn left(&self) -> Option<u64> {
        (self.left != UNANNOUNCED).then_some(self.left)
    }

    /// Counts what the body yields, and returns what is wrong with it.
    fn count(&mut self, frame: Option<&Frame<Bytes>>) -> Option<&'static str> {
        let left = self.left()?;
        match frame.map(Frame::data_ref) {
            Some(Some(data)) => match left.checked_sub(data.len() as u64) {
                Some(less) => self.left = less,
                None => return Some(TOO_LONG),
            },
            // Its end, or the trailers, which some engines take for it.
            _ if left > 0 => return Some(TOO_SHORT),
            _ => {}
        }
        None
    }

    /// Yields nothing more of the body, and says why in the log.
    fn fail(&mut self, why: &'static str) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        #[cfg(feature = "tracing")]
        tracing::error!(target: "transom", "{why}");
        self.body = Body::empty();
        // An engine that counts itself has stopped at the announced length, and does not see what follows.
        let left = std::mem::replace(&mut self.left, UNANNOUNCED);
        let complete = left == 0 && why == TOO_LONG;
        if !complete {
            self.guard.observed.failed(Failure::ResponseBody);
        }
        Poll::Ready((!complete).then(|| Err(Error::new(why))))
    }
}

/// A length that no body has.
const UNANNOUNCED: u64 = u64::MAX;

const TOO_LONG: &str = "the body of a response is longer than its announced length";
const TOO_SHORT: &str = "the body of a response is shorter than its announced length";
const PANICKED: &str = "the body of a response panicked";

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let aborted = || Error::new("the application aborted the response");
        if self.guard.lifetime().is_aborted() {
            return Poll::Ready(Some(Err(aborted())));
        }
        let this = &mut *self;
        let body = &mut this.body;
        this.guard.observed.enter();
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx)));
        this.guard.observed.leave();
        let Ok(polled) = polled else {
            return self.fail(PANICKED);
        };
        let wrong = match &polled {
            Poll::Ready(Some(Ok(frame))) => self.count(Some(frame)),
            Poll::Ready(None) => self.count(None),
            Poll::Ready(Some(Err(_))) => {
                self.guard.observed.failed(Failure::ResponseBody);
                self.left = UNANNOUNCED;
                None
            }
            Poll::Pending => {
                let this = &mut *self;
                let waited = this.guard.lifetime().poll_aborted(&mut this.aborted, cx);
                return waited.map(|()| Some(Err(aborted())));
            }
        };
        match wrong {
            Some(wrong) => self.fail(wrong),
            None => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        // One that ends too early is asked once more, so that it can say so.
        self.body.is_end_stream() && self.left().is_none_or(|left| left == 0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left()
            .map_or_else(|| self.body.size_hint(), SizeHint::with_exact)
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.guard.answered = self.is_end_stream();
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.body.fmt(f)
    }
}

/// Counts a request while it is in flight, and tells the application if it ends without an answer.
pub(super) struct Guard {
    scope: Arc<RequestScope>,
    answered: bool,
    pub(super) observed: Observed,
    _counted: Counted,
}

impl Guard {
    pub(super) fn new(scope: Arc<RequestScope>, counted: Counted, observed: Observed) -> Self {
        Self {
            scope,
            answered: false,
            observed,
            _counted: counted,
        }
    }

    pub(super) fn lifetime(&self) -> &RequestLifetime {
        self.scope.lifetime()
    }

    pub(super) fn max_body_size(&self) -> &MaxRequestBodySize {
        self.scope.max_body_size()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.answered {
            self.observed.failed(match self.lifetime().is_aborted() {
                true => Failure::Aborted,
                false => Failure::Incomplete,
            });
            self.lifetime().disconnect();
        }
    }
}
