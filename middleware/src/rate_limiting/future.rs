use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{HeaderValue, Response, StatusCode, header};
use pin_project::pin_project;
use tower_service::Service;
use transom::body::BoxError;

use super::layer::Options;
use super::{RateLimitDecision, WithoutStore, fields};
use crate::seconds;

/// The answer of [`RateLimiting`](super::RateLimiting).
#[must_use = "futures do nothing unless polled"]
#[pin_project]
pub struct RateLimitFuture<S: Service<Q>, Q>(#[pin] State<S, S::Future, Q>);

type Asked = Pin<Box<dyn Future<Output = Result<RateLimitDecision, BoxError>> + Send>>;

#[pin_project(project = Stage)]
enum State<S, F, Q> {
    Asking {
        asked: Asked,
        call: Option<(S, Q)>,
        options: Arc<Options>,
    },
    Running {
        #[pin]
        inner: F,
        /// What the response says of it.
        said: Option<(RateLimitDecision, Arc<Options>)>,
    },
    Refused(RateLimitDecision, Arc<Options>),
    Unavailable,
}

impl<S: Service<Q>, Q> RateLimitFuture<S, Q> {
    pub(super) fn uncounted(inner: S::Future) -> Self {
        Self(State::Running { inner, said: None })
    }

    pub(super) fn running(
        inner: S::Future,
        decision: RateLimitDecision,
        options: Arc<Options>,
    ) -> Self {
        let said = options.fields.then_some((decision, options));
        Self(State::Running { inner, said })
    }

    pub(super) fn refused(decision: RateLimitDecision, options: Arc<Options>) -> Self {
        Self(State::Refused(decision, options))
    }

    pub(super) fn asking(asked: Asked, service: S, request: Q, options: Arc<Options>) -> Self {
        Self(State::Asking {
            asked,
            call: Some((service, request)),
            options,
        })
    }
}

impl<S, Q, R> Future for RateLimitFuture<S, Q>
where
    S: Service<Q, Response = Response<R>>,
    R: Default,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().0;
        loop {
            let next = match state.as_mut().project() {
                Stage::Asking {
                    asked,
                    call,
                    options,
                } => {
                    let decision = ready!(asked.as_mut().poll(cx));
                    let options = Arc::clone(options);
                    let mut inner = || {
                        let (mut service, request) = call.take()?;
                        Some(service.call(request))
                    };
                    match decision {
                        Ok(decision) if !decision.allowed => State::Refused(decision, options),
                        Ok(decision) => match inner() {
                            Some(inner) => {
                                let said = options.fields.then_some((decision, options));
                                State::Running { inner, said }
                            }
                            None => State::Unavailable,
                        },
                        Err(error) => {
                            options.outage.failed(&error);
                            match (options.without_store, inner()) {
                                (WithoutStore::Allow, Some(inner)) => {
                                    State::Running { inner, said: None }
                                }
                                _ => State::Unavailable,
                            }
                        }
                    }
                }
                Stage::Running { inner, said } => {
                    let mut response = ready!(inner.poll(cx))?;
                    if let Some((decision, options)) = said.take() {
                        let headers = response.headers_mut();
                        fields::add(headers, &options.name, &options.quota, &decision);
                    }
                    return Poll::Ready(Ok(response));
                }
                Stage::Refused(decision, options) => {
                    return Poll::Ready(Ok(refusal(decision, options)));
                }
                Stage::Unavailable => return Poll::Ready(Ok(unavailable())),
            };
            state.set(next);
        }
    }
}

fn refusal<R: Default>(decision: &RateLimitDecision, options: &Options) -> Response<R> {
    tracing::debug!(limit = &*options.name, "a request was refused: too many");
    let mut response = Response::new(R::default());
    *response.status_mut() = options.status;
    let headers = response.headers_mut();
    let wait = seconds::rounded_up(decision.retry_after);
    headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
    if options.fields {
        fields::add(headers, &options.name, &options.quota, decision);
    }
    response
}

fn unavailable<R: Default>() -> Response<R> {
    let mut response = Response::new(R::default());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let wait = HeaderValue::from_static("1");
    response.headers_mut().insert(header::RETRY_AFTER, wait);
    response
}

impl<S: Service<Q>, Q> fmt::Debug for RateLimitFuture<S, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RateLimitFuture")
    }
}
