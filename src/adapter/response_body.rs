use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::connection::Scope;
use crate::body::{Body, Error};
use crate::features::{Counted, RequestLifetime};
use crate::signal::Listener;

/// The body of a response on its way out. Its request is in flight until it is dropped.
pub struct ResponseBody {
    body: Body,
    guard: Guard,
    /// Made when the body has first to be waited for.
    aborted: Listener,
}

impl ResponseBody {
    pub(super) fn new(body: Body, guard: Guard) -> Self {
        Self {
            body,
            guard,
            aborted: Listener::default(),
        }
    }

    /// Returns the lifetime of the request that it answers.
    pub fn lifetime(&self) -> &RequestLifetime {
        self.guard.lifetime()
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let aborted = || Error::new("the application aborted the response");
        if self.guard.lifetime().is_aborted() {
            return Poll::Ready(Some(Err(aborted())));
        }
        let body = &mut self.body;
        match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut *body).poll_frame(cx))) {
            Ok(Poll::Pending) => {
                let Self {
                    guard,
                    aborted: listener,
                    ..
                } = &mut *self;
                guard
                    .lifetime()
                    .poll_aborted(listener, cx)
                    .map(|()| Some(Err(aborted())))
            }
            Ok(frame) => frame,
            Err(_) => {
                *body = Body::empty();
                Poll::Ready(Some(Err(Error::new("the body of the response panicked"))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.guard.answered = self.body.is_end_stream();
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.body.fmt(f)
    }
}

/// Counts a request while it is in flight, and tells the application if it ends without an answer.
pub(super) struct Guard {
    scope: Scope,
    answered: bool,
    _counted: Counted,
}

impl Guard {
    pub(super) fn new(scope: Scope, counted: Counted) -> Self {
        Self {
            scope,
            answered: false,
            _counted: counted,
        }
    }

    pub(super) fn lifetime(&self) -> &RequestLifetime {
        self.scope.lifetime()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.answered {
            self.lifetime().disconnect();
        }
    }
}
