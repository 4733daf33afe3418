use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};

use event_listener::Event;

use super::Feature;

/// What a server is doing at this moment.
///
/// ```
/// use transom::features::ServerStatistics;
///
/// let statistics = ServerStatistics::new();
/// let request = statistics.count_request();
/// assert_eq!(statistics.requests(), 1);
/// drop(request);
/// assert!(statistics.is_idle());
/// ```
#[derive(Clone, Debug, Default)]
pub struct ServerStatistics(Arc<State>);

#[derive(Debug, Default)]
struct State {
    connections: AtomicUsize,
    requests: AtomicUsize,
    upgraded: AtomicUsize,
    /// Notified when one of the counts that keep a server from stopping falls to zero...
    idle: Event,
    /// ... once somebody has waited for that: a server that runs does not pay for it in each request.
    awaited: AtomicBool,
}

impl ServerStatistics {
    /// Returns statistics at zero; for servers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of connections that are open and not upgraded. An engine that does not tell
    /// its adapter of idle connections counts none.
    pub fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Acquire)
    }

    /// Returns the number of requests in flight: from the head of the request to the end of the response.
    pub fn requests(&self) -> usize {
        self.0.requests.load(Ordering::Acquire)
    }

    /// Returns the number of upgraded connections.
    pub fn upgraded(&self) -> usize {
        self.0.upgraded.load(Ordering::Acquire)
    }

    /// Returns whether no request is in flight and no connection is upgraded.
    pub fn is_idle(&self) -> bool {
        self.requests() == 0 && self.upgraded() == 0
    }

    /// Waits until no request is in flight and no connection is upgraded.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn idle(&self) {
        self.0.awaited.store(true, Ordering::SeqCst);
        // Either a count that falls from now on sees that it is awaited, or it is seen here.
        fence(Ordering::SeqCst);
        while !self.is_idle() {
            let listener = self.0.idle.listen();
            if self.is_idle() {
                return;
            }
            listener.await;
        }
    }

    /// Counts a connection until the guard is dropped; for servers.
    pub fn count_connection(&self) -> Counted {
        self.count(|state| &state.connections)
    }

    /// Counts a request until the guard is dropped; for servers.
    pub fn count_request(&self) -> Counted {
        self.count(|state| &state.requests)
    }

    /// Counts an upgraded connection until the guard is dropped; for servers.
    pub fn count_upgraded(&self) -> Counted {
        self.count(|state| &state.upgraded)
    }

    fn count(&self, counter: fn(&State) -> &AtomicUsize) -> Counted {
        counter(&self.0).fetch_add(1, Ordering::AcqRel);
        Counted {
            state: Arc::clone(&self.0),
            counter,
        }
    }
}

impl Feature for ServerStatistics {
    const NAME: &'static str = "server.statistics";
}

/// Counts something for as long as it lives; see [`ServerStatistics`].
#[derive(Debug)]
#[must_use = "it counts for as long as it lives"]
pub struct Counted {
    state: Arc<State>,
    counter: fn(&State) -> &AtomicUsize,
}

impl Drop for Counted {
    fn drop(&mut self) {
        if (self.counter)(&self.state).fetch_sub(1, Ordering::SeqCst) == 1
            && self.state.awaited.load(Ordering::SeqCst)
        {
            self.state.idle.notify(usize::MAX);
        }
    }
}
