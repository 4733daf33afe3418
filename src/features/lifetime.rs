use std::sync::Arc;
use std::task::{Context, Poll};

use super::Feature;
use crate::signal::{Listener, Signal};

/// Whether the client is still there, and a way to hang up on it.
///
/// A clone is a handle of the same request and may outlive it, so that a task which the application
/// spawned can notice that nobody waits any more.
///
/// The client counts as disconnected when its connection (HTTP/2: its stream) broke, when it closed its
/// side while the answer was not complete, or after [`abort`](Self::abort). A request that was answered
/// in full is never disconnected afterwards.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::features::RequestLifetime;
///
/// let lifetime = RequestLifetime::new();
/// assert!(!lifetime.is_disconnected());
/// lifetime.abort();
/// lifetime.disconnected().await;
/// assert!(lifetime.is_aborted());
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
#[doc(alias = "IHttpRequestLifetimeFeature")]
#[doc(alias = "RequestAborted")]
#[derive(Clone, Debug, Default)]
pub struct RequestLifetime(Arc<State>);

#[derive(Debug, Default)]
struct State {
    disconnected: Signal,
    aborted: Signal,
}

impl RequestLifetime {
    /// Returns the lifetime of a request whose client is there.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until the client is gone; for ever if it stays until it has its answer.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn disconnected(&self) {
        self.0.disconnected.wait().await;
    }

    /// Returns whether the client is gone.
    pub fn is_disconnected(&self) -> bool {
        self.0.disconnected.is_fired()
    }

    /// Hangs up: the server closes the connection (HTTP/2: resets the stream) and sends nothing more.
    #[doc(alias = "Abort")]
    pub fn abort(&self) {
        self.0.aborted.fire();
        self.0.disconnected.fire();
    }

    /// Waits until [`abort`](Self::abort) was called; for servers.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn aborted(&self) {
        self.0.aborted.wait().await;
    }

    /// As [`aborted`](Self::aborted), for who polls.
    pub(crate) fn poll_aborted(&self, listener: &mut Listener, cx: &mut Context<'_>) -> Poll<()> {
        self.0.aborted.poll_wait(listener, cx)
    }

    /// Returns whether [`abort`](Self::abort) was called.
    pub fn is_aborted(&self) -> bool {
        self.0.aborted.is_fired()
    }

    /// Says that the client is gone; for servers.
    pub fn disconnect(&self) {
        self.0.disconnected.fire();
    }

    /// Makes it the lifetime of the next request; handles that were kept stay with the last one.
    pub(super) fn renew(&mut self) {
        match Arc::get_mut(&mut self.0) {
            Some(state) if !state.disconnected.is_fired() => {}
            Some(state) => *state = State::default(),
            None => *self = Self::new(),
        }
    }
}

impl Feature for RequestLifetime {
    const NAME: &'static str = "request.lifetime";
}
