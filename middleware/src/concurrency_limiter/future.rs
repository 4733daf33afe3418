use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{HeaderValue, Response, StatusCode, header};
use http_body::Body;
use pin_project::pin_project;
use tower_service::Service;

use super::PermitBody;
use super::limiter::{Permit, Waiting};
use crate::seconds;

/// The answer of [`ConcurrencyLimiter`](super::ConcurrencyLimiter).
#[must_use = "futures do nothing unless polled"]
#[pin_project]
pub struct LimitFuture<S: Service<Q>, Q>(#[pin] State<S, S::Future, Q>);

#[pin_project(project = Stage)]
enum State<S, F, Q> {
    Waiting {
        waiting: Waiting,
        call: Option<(S, Q)>,
        retry_after: Option<Duration>,
    },
    Running {
        #[pin]
        inner: F,
        permit: Option<Permit>,
    },
    Refused(Option<Duration>),
}

impl<S: Service<Q>, Q> LimitFuture<S, Q> {
    pub(super) fn running(inner: S::Future, permit: Option<Permit>) -> Self {
        Self(State::Running { inner, permit })
    }

    pub(super) fn waiting(
        waiting: Waiting,
        service: S,
        request: Q,
        retry_after: Option<Duration>,
    ) -> Self {
        Self(State::Waiting {
            waiting,
            call: Some((service, request)),
            retry_after,
        })
    }

    pub(super) fn refused(retry_after: Option<Duration>) -> Self {
        Self(State::Refused(retry_after))
    }
}

impl<S, Q, R> Future for LimitFuture<S, Q>
where
    S: Service<Q, Response = Response<R>>,
    R: Body + Default,
{
    type Output = Result<Response<PermitBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().0;
        loop {
            let next = match state.as_mut().project() {
                Stage::Waiting {
                    waiting,
                    call,
                    retry_after,
                } => {
                    let permit = ready!(Pin::new(waiting).poll(cx));
                    match (permit, call.take()) {
                        (Some(permit), Some((mut service, request))) => State::Running {
                            inner: service.call(request),
                            permit: Some(permit),
                        },
                        _ => State::Refused(*retry_after),
                    }
                }
                Stage::Running { inner, permit } => {
                    let response = ready!(inner.poll(cx))?;
                    let permit = permit.take();
                    return Poll::Ready(Ok(response.map(|body| PermitBody::new(body, permit))));
                }
                Stage::Refused(retry_after) => return Poll::Ready(Ok(refusal(*retry_after))),
            };
            state.set(next);
        }
    }
}

fn refusal<R: Body + Default>(retry_after: Option<Duration>) -> Response<PermitBody<R>> {
    tracing::debug!("a request was refused: too many at once");
    let mut response = Response::new(PermitBody::new(R::default(), None));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    if let Some(wait) = retry_after {
        let wait = HeaderValue::from(seconds::rounded_up(wait));
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}

impl<S: Service<Q>, Q> fmt::Debug for LimitFuture<S, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LimitFuture")
    }
}
