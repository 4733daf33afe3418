use std::sync::Arc;

use super::Feature;
use crate::signal::Signal;

/// Whether the server has begun to stop: time for a long answer or an upgraded connection to end.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::Shutdown;
///
/// let (trigger, shutdown) = Shutdown::pair();
/// let lifetime = shutdown.lifetime();
/// assert!(!lifetime.is_stopping());
/// trigger.request();
/// lifetime.stopping().await;
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
#[doc(alias = "IHostApplicationLifetime")]
#[doc(alias = "ApplicationStopping")]
#[derive(Clone, Debug)]
pub struct ServerLifetime(Arc<Signal>);

impl ServerLifetime {
    pub(crate) fn new(stopping: Arc<Signal>) -> Self {
        Self(stopping)
    }

    /// Waits until the server begins to stop; returns at once when it has.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn stopping(&self) {
        self.0.wait().await;
    }

    /// Returns whether the server has begun to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.is_fired()
    }
}

impl Feature for ServerLifetime {
    const NAME: &'static str = "server.lifetime";
}
