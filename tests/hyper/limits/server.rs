use std::future::Future;
use std::time::{Duration, Instant};

use transom::hyper::Limits;
use transom::{Application, HyperServer};

use crate::support::{Running, start_with};

/// A time that a test waits for.
pub(super) const SHORT: Duration = Duration::from_millis(200);
/// What a machine under load may add to it.
pub(super) const SLACK: Duration = Duration::from_millis(1500);
/// A time that no test lasts.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// Limits whose times no test reaches, to make one of them short.
pub(crate) fn long() -> Limits {
    Limits::default()
        .with_request_head_timeout(Some(LONG))
        .with_keep_alive_timeout(Some(LONG))
}

pub(super) async fn start(limits: Limits, app: impl Application) -> Running {
    let server = HyperServer::new("http://127.0.0.1:0").with_limits(limits);
    start_with(server, app).await
}

/// Returns what `work` returns; it must take about as long as `time`.
pub(crate) async fn takes<T>(time: Duration, work: impl Future<Output = T>) -> T {
    let begin = Instant::now();
    let done = work.await;
    let took = begin.elapsed();
    // A connection is accepted a moment before its client hears of it.
    let least = time.saturating_sub(Duration::from_millis(20));
    assert!(took >= least, "after {took:?}, which is before {time:?}");
    assert!(took < time + SLACK, "after {took:?}, not {time:?}");
    done
}
