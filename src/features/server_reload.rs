use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use event_listener::Event;

use super::Feature;

/// Whether the server takes in a configuration that changed: its endpoints, or its limits.
///
/// A server that follows no configuration has none. It serves all the while; who has to know is whoever watches it,
/// as a service manager does.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::features::ServerReload;
///
/// let reload = ServerReload::new();
/// let reloading = reload.begin();
/// assert_eq!(reload.begun_since(0).await, 1);
/// assert!(reload.is_reloading());
/// drop(reloading);
/// reload.settled().await;
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
#[doc(alias = "IOptionsMonitor")]
#[derive(Clone, Debug, Default)]
pub struct ServerReload(Arc<State>);

#[derive(Debug, Default)]
struct State {
    begun: AtomicU64,
    ended: AtomicU64,
    changed: Event,
}

impl ServerReload {
    /// Returns one that has not begun; for servers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the server begins to take a configuration in, until the guard is dropped; for servers.
    pub fn begin(&self) -> Reloading {
        self.0.begun.fetch_add(1, Ordering::AcqRel);
        self.0.changed.notify(usize::MAX);
        Reloading(Arc::clone(&self.0))
    }

    /// Returns how often the server has begun to take a configuration in.
    pub fn begun(&self) -> u64 {
        self.0.begun.load(Ordering::Acquire)
    }

    /// Returns whether the server takes one in now.
    pub fn is_reloading(&self) -> bool {
        // Read first, so that no end counts whose begin does not.
        let ended = self.0.ended.load(Ordering::Acquire);
        self.begun() > ended
    }

    /// Waits until it has begun more often than `seen` times, and returns how often.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn begun_since(&self, seen: u64) -> u64 {
        self.until(|| self.begun() > seen).await;
        self.begun()
    }

    /// Waits until the server takes nothing in; returns at once when that is so.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn settled(&self) {
        self.until(|| !self.is_reloading()).await;
    }

    async fn until(&self, holds: impl Fn() -> bool) {
        while !holds() {
            let changed = self.0.changed.listen();
            if holds() {
                return;
            }
            changed.await;
        }
    }
}

impl Feature for ServerReload {
    const NAME: &'static str = "server.reload";
}

/// A server takes a configuration in for as long as this lives; see [`ServerReload`].
#[derive(Debug)]
#[must_use = "the server takes a configuration in for as long as it lives"]
pub struct Reloading(Arc<State>);

impl Drop for Reloading {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::AcqRel);
        self.0.changed.notify(usize::MAX);
    }
}
