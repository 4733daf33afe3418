use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use crate::features::Feature;
use crate::signal::Signal;

/// How far a host has come: started, stopping, stopped. Each happens at most once, in this order.
///
/// It is a feature of the host, so a pipeline can be built around it. A request hears of the stop
/// through [`ServerLifetime`](crate::features::ServerLifetime).
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::{Host, testing::TestServer};
///
/// let host = Host::builder(TestServer::new()).configure(|app| app.build()).start().await?;
/// let lifetime = host.lifetime();
/// assert!(lifetime.is_started() && !lifetime.is_stopping());
/// assert!(lifetime.started_at() <= Some(std::time::SystemTime::now()));
///
/// host.stop().await?;
/// lifetime.stopped().await;
/// assert!(lifetime.is_stopping());
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "IHostApplicationLifetime")]
#[derive(Clone, Debug, Default)]
pub struct HostLifetime(Arc<Tokens>);

#[derive(Debug, Default)]
struct Tokens {
    started: Signal,
    /// By both clocks: one tells when, the other how long ago. Set before the signal is fired.
    began: OnceLock<(SystemTime, Instant)>,
    stopping: Signal,
    stopped: Signal,
}

impl HostLifetime {
    /// Waits until every server serves; returns at once when they do, or did.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[doc(alias = "ApplicationStarted")]
    pub async fn started(&self) {
        self.0.started.wait().await;
    }

    /// Waits until the host begins to stop, which is before its servers hear of it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[doc(alias = "ApplicationStopping")]
    pub async fn stopping(&self) {
        self.0.stopping.wait().await;
    }

    /// Waits until every server has ended or was aborted.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[doc(alias = "ApplicationStopped")]
    pub async fn stopped(&self) {
        self.0.stopped.wait().await;
    }

    /// Returns whether every server serves, or did.
    pub fn is_started(&self) -> bool {
        self.0.started.is_fired()
    }

    /// Returns whether the host has begun to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.is_fired()
    }

    /// Returns whether every server has ended or was aborted.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.is_fired()
    }

    /// Returns when every server served; `None` before.
    pub fn started_at(&self) -> Option<SystemTime> {
        self.0.began.get().map(|(at, _)| *at)
    }

    /// Returns for how long every server has served; `None` before. It goes on while the host stops, and no matter
    /// how the clock of the machine is set.
    pub fn uptime(&self) -> Option<Duration> {
        self.0.began.get().map(|(_, since)| since.elapsed())
    }

    pub(super) fn start(&self) {
        self.0
            .began
            .get_or_init(|| (SystemTime::now(), Instant::now()));
        self.0.started.fire();
    }

    pub(super) fn begin_to_stop(&self) {
        self.0.stopping.fire();
    }

    pub(super) fn stop(&self) {
        self.begin_to_stop();
        self.0.stopped.fire();
    }
}

impl Feature for HostLifetime {
    const NAME: &'static str = "host.lifetime";
}
