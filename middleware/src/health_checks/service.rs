use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::{HeaderValue, Request, Response, StatusCode, header};
use pin_project::pin_project;
use tower_service::Service;
use transom::RequestExt;
use transom::features::ServerLifetime;

use super::HealthStatus;
use super::layer::{Options, Probe};
use super::report::Report;
use crate::get_only;

/// Answers probes, and hands everything else on. See the [module](super).
#[derive(Clone, Debug)]
pub struct HealthChecks<S> {
    inner: S,
    options: Options,
}

impl<S> HealthChecks<S> {
    pub(super) fn new(inner: S, options: Options) -> Self {
        Self { inner, options }
    }
}

impl<S, B, R> Service<Request<B>> for HealthChecks<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = HealthFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(probe) = self.options.probe(request.uri().path()) else {
            return HealthFuture(Kind::HandedOn(self.inner.call(request)));
        };
        if !get_only::reads(request.method()) {
            return HealthFuture(Kind::Refused);
        }
        let lifetime = request.feature::<ServerLifetime>().cloned();
        let report = self.options.clone().ask(probe, lifetime);
        HealthFuture(Kind::Asked(Box::pin(report)))
    }
}

impl Options {
    async fn ask(self, probe: Probe, lifetime: Option<ServerLifetime>) -> Report {
        let stopping = || {
            let server = (lifetime.as_ref()).is_some_and(ServerLifetime::is_stop_announced);
            probe == Probe::Readiness && (server || self.drain.is_begun())
        };
        if stopping() {
            return Report::of_stopping();
        }
        if probe == Probe::Startup && self.started.load(Ordering::Acquire) {
            return Report::new(Vec::new(), Duration::ZERO);
        }
        let begun = Instant::now();
        let checks = self
            .checks
            .iter()
            .filter(|check| check.has_tag(probe.tag()));
        let entries = join_all(checks.map(|check| check.clone().run())).await;
        let report = Report::new(entries, begun.elapsed());
        if probe == Probe::Startup && report.status != HealthStatus::Unhealthy {
            self.started.store(true, Ordering::Release);
        }
        // The checks took their time.
        match stopping() {
            true => Report::of_stopping(),
            false => report,
        }
    }
}

/// The answer of [`HealthChecks`].
#[must_use = "futures do nothing unless polled"]
#[pin_project]
pub struct HealthFuture<F>(#[pin] Kind<F>);

#[pin_project(project = KindProjection)]
enum Kind<F> {
    HandedOn(#[pin] F),
    Asked(Pin<Box<dyn Future<Output = Report> + Send>>),
    Refused,
}

impl<F, R, E> Future for HealthFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: From<String>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project().0.project() {
            KindProjection::HandedOn(future) => future.poll(cx),
            KindProjection::Asked(report) => {
                let report = ready!(report.as_mut().poll(cx));
                Poll::Ready(Ok(answer(&report)))
            }
            KindProjection::Refused => Poll::Ready(Ok(get_only::refusal())),
        }
    }
}

impl<F> fmt::Debug for HealthFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HealthFuture")
    }
}

fn answer<R: From<String>>(report: &Report) -> Response<R> {
    let mut response = Response::new(R::from(report.to_string()));
    *response.status_mut() = match report.status {
        HealthStatus::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
