use std::sync::Arc;

use crate::features::{ServerLifetime, StopSteps};

/// Tells a server to stop: the wait side, handed to [`BoundServer::serve`](super::BoundServer::serve).
///
/// A request to stop is never taken back. Clones wait for the same request.
///
/// ```
/// use transom::Shutdown;
///
/// let (trigger, shutdown) = Shutdown::pair();
/// assert!(!shutdown.is_requested());
/// trigger.request();
/// assert!(shutdown.is_requested());
/// ```
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<StopSteps>);

impl Shutdown {
    /// Returns the two sides. Dropping the trigger asks for nothing.
    pub fn pair() -> (ShutdownTrigger, Self) {
        let steps = Arc::new(StopSteps::default());
        (ShutdownTrigger(Arc::clone(&steps)), Self(steps))
    }

    /// Returns a `Shutdown` that is never requested: the server runs until it is dropped.
    pub fn never() -> Self {
        Self::pair().1
    }

    /// Waits until the server shall stop; returns at once when that was asked before.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn requested(&self) {
        self.0.requested.wait().await;
    }

    /// Returns whether the server shall stop.
    pub fn is_requested(&self) -> bool {
        self.0.requested.is_fired()
    }

    /// Returns the feature by which applications hear of the same request.
    ///
    /// A server adds it to its features when it begins to serve.
    pub fn lifetime(&self) -> ServerLifetime {
        ServerLifetime::new(Arc::clone(&self.0))
    }
}

/// Asks a server to stop: the other side of [`Shutdown`].
#[derive(Clone, Debug)]
pub struct ShutdownTrigger(Arc<StopSteps>);

impl ShutdownTrigger {
    /// Says that a request to stop will come. The server goes on as before; applications hear of it, by
    /// [`ServerLifetime::stop_announced`], so that a load balancer can be told in time. Further calls do nothing.
    pub fn announce(&self) {
        self.0.announced.fire();
    }

    /// Asks to stop, announced or not. Further calls do nothing.
    pub fn request(&self) {
        self.0.announced.fire();
        self.0.requested.fire();
    }
}
