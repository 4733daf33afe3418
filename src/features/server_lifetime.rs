use std::sync::Arc;

use super::Feature;
use crate::signal::Signal;

/// Whether the server has begun to stop: time for a long answer or an upgraded connection to end. And before that, whether it soon
/// will: time for who sends requests here to be told.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::Shutdown;
///
/// let (trigger, shutdown) = Shutdown::pair();
/// let lifetime = shutdown.lifetime();
/// trigger.announce();
/// assert!(lifetime.is_stop_announced() && !lifetime.is_stopping());
/// trigger.request();
/// lifetime.stopping().await;
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
#[doc(alias = "IHostApplicationLifetime")]
#[doc(alias = "ApplicationStopping")]
#[derive(Clone, Debug)]
pub struct ServerLifetime(Arc<StopSteps>);

impl ServerLifetime {
    pub(crate) fn new(steps: Arc<StopSteps>) -> Self {
        Self(steps)
    }

    /// Waits until the server begins to stop; returns at once when it has.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn stopping(&self) {
        self.0.requested.wait().await;
    }

    /// Returns whether the server has begun to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.requested.is_fired()
    }

    /// Waits until it is known that the server will stop; returns at once when it is, or when it has begun to. Between
    /// this and [`stopping`](Self::stopping) it serves as ever, for as long as
    /// [`HostBuilder::with_shutdown_delay`](crate::hosting::HostBuilder::with_shutdown_delay) says; without that both are the same moment.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn stop_announced(&self) {
        self.0.announced.wait().await;
    }

    /// Returns whether it is known that the server will stop, or has begun to.
    pub fn is_stop_announced(&self) -> bool {
        self.0.announced.is_fired()
    }
}

impl Feature for ServerLifetime {
    const NAME: &'static str = "server.lifetime";
}

/// What is said to a server, in this order.
#[derive(Debug, Default)]
pub(crate) struct StopSteps {
    pub(crate) announced: Signal,
    pub(crate) requested: Signal,
}
