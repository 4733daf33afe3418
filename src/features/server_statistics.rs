use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

use event_listener::Event;

use super::Feature;
use super::rejections::Rejections;

/// What a server is doing at this moment, and what it has done since it was bound.
///
/// The numbers are live: a handle that is kept shows them as they are whenever it is asked. Each is exact;
/// two that are read one after the other may be of different moments.
///
/// ```
/// use transom::features::ServerStatistics;
///
/// let statistics = ServerStatistics::new();
/// let request = statistics.count_request();
/// assert_eq!(statistics.requests(), 1);
/// drop(request);
/// assert!(statistics.is_idle());
/// assert_eq!(statistics.total_requests(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ServerStatistics(Arc<State>);

#[derive(Debug, Default)]
struct State {
    connections: Count,
    requests: Count,
    upgraded: Count,
    rejections: Rejections,
    /// Notified when one of the counts that keep a server from stopping falls to zero...
    idle: Event,
    /// ... once somebody has waited for that: a server that runs does not pay for it in each request.
    awaited: AtomicBool,
}

/// Something that begins and ends.
#[derive(Debug, Default)]
struct Count {
    now: AtomicUsize,
    total: AtomicU64,
}

impl ServerStatistics {
    /// Returns statistics at zero; for servers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of connections that are open and not upgraded. An engine that does not tell
    /// its adapter of idle connections counts none.
    pub fn connections(&self) -> usize {
        self.0.connections.now.load(Ordering::Acquire)
    }

    /// Returns the number of requests in flight: from the head of the request to the end of the response.
    pub fn requests(&self) -> usize {
        self.0.requests.now.load(Ordering::Acquire)
    }

    /// Returns the number of upgraded connections.
    pub fn upgraded(&self) -> usize {
        self.0.upgraded.now.load(Ordering::Acquire)
    }

    /// Returns how many connections were accepted, those included that are open.
    pub fn total_connections(&self) -> u64 {
        self.0.connections.total.load(Ordering::Relaxed)
    }

    /// Returns how many requests the application was called with, those included that are in flight.
    pub fn total_requests(&self) -> u64 {
        self.0.requests.total.load(Ordering::Relaxed)
    }

    /// Returns how many connections were upgraded, those included that are open.
    pub fn total_upgraded(&self) -> u64 {
        self.0.upgraded.total.load(Ordering::Relaxed)
    }

    /// Returns how many requests the server refused by itself, and how many connections it refused or ended:
    /// malformed, too large, too slow, too many. An engine that does not tell its adapter of them counts
    /// none.
    pub fn rejections(&self) -> u64 {
        let causes = self.rejections_by_cause();
        causes.into_iter().map(|(_, count)| count).sum()
    }

    /// Returns the causes of the [rejections](Self::rejections), each with how many it has, in the order in which
    /// they first came. The default server's are those of [`RejectionReason`](crate::hyper::RejectionReason).
    ///
    /// ```
    /// use transom::features::ServerStatistics;
    ///
    /// let statistics = ServerStatistics::new();
    /// for cause in ["invalid_request", "untrusted_peer", "invalid_request"] {
    ///     statistics.count_rejection(cause);
    /// }
    /// let causes = statistics.rejections_by_cause();
    /// assert_eq!(causes, [("invalid_request", 2), ("untrusted_peer", 1)]);
    /// assert_eq!(statistics.rejections(), 3);
    /// ```
    pub fn rejections_by_cause(&self) -> Vec<(&'static str, u64)> {
        self.0.rejections.by_cause()
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
        self.until(Self::is_idle).await;
    }

    /// Waits until there is no connection either: as [`idle`](Self::idle), for an engine that closes its connections by
    /// itself when it is stopped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn drained(&self) {
        self.until(|this| this.is_idle() && this.connections() == 0)
            .await;
    }

    async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        self.0.awaited.store(true, Ordering::SeqCst);
        // Either a count that falls from now on sees that it is awaited, or it is seen here.
        fence(Ordering::SeqCst);
        while !is_so(self) {
            let listener = self.0.idle.listen();
            if is_so(self) {
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

    /// Counts a request that was refused, or a connection that was refused or ended; for servers.
    ///
    /// The cause is a word for logs and metrics: `invalid_request`, say. A server has a few of them, and not one for
    /// every peer: those after the 32nd are counted together, as `other`.
    pub fn count_rejection(&self, cause: &'static str) {
        self.0.rejections.count(cause);
    }

    fn count(&self, counter: fn(&State) -> &Count) -> Counted {
        let count = counter(&self.0);
        count.now.fetch_add(1, Ordering::AcqRel);
        count.total.fetch_add(1, Ordering::Relaxed);
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
    counter: fn(&State) -> &Count,
}

impl Drop for Counted {
    fn drop(&mut self) {
        if (self.counter)(&self.state)
            .now
            .fetch_sub(1, Ordering::SeqCst)
            == 1
            && self.state.awaited.load(Ordering::SeqCst)
        {
            self.state.idle.notify(usize::MAX);
        }
    }
}
