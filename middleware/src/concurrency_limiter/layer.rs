use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use tower_layer::Layer;

use super::ConcurrencyLimiter;
use super::limiter::Limiter;

/// Makes of a service one that has so many requests at once. See the [module](super).
///
/// Clones of a layer, and the services that it makes, share its permits. A `with_` gives permits of its own.
#[doc(alias = "ConcurrencyLimiterOptions")]
#[derive(Clone)]
pub struct ConcurrencyLimiterLayer(Options);

#[derive(Clone)]
pub(super) struct Options {
    pub(super) limiter: Arc<Limiter>,
    permits: usize,
    queue: usize,
    order: QueueOrder,
    pub(super) retry_after: Option<Duration>,
    pub(super) exempt: Option<Exempt>,
}

type Exempt = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

impl ConcurrencyLimiterLayer {
    /// Lets so many requests run at once, and refuses all others. Zero counts as one: to refuse everybody is no
    /// limit.
    pub fn new(permits: usize) -> Self {
        Self(Options {
            limiter: Arc::new(Limiter::new(permits, 0, QueueOrder::OldestFirst)),
            permits,
            queue: 0,
            order: QueueOrder::OldestFirst,
            retry_after: Some(Duration::from_secs(1)),
            exempt: None,
        })
    }

    /// Sets how many may wait. None by default.
    #[doc(alias = "QueueLimit")]
    #[must_use]
    pub fn with_queue(self, queue: usize) -> Self {
        Self(Options { queue, ..self.0 }.renewed())
    }

    /// Sets who of those that wait goes first. The oldest by default.
    #[doc(alias = "QueueProcessingOrder")]
    #[must_use]
    pub fn with_order(self, order: QueueOrder) -> Self {
        Self(Options { order, ..self.0 }.renewed())
    }

    /// Sets what `Retry-After` says to who is refused, in seconds, the begun one included. One second by default;
    /// `None` leaves the field away.
    #[must_use]
    pub fn with_retry_after(self, wait: impl Into<Option<Duration>>) -> Self {
        let retry_after = wait.into();
        Self(
            Options {
                retry_after,
                ..self.0
            }
            .renewed(),
        )
    }

    /// Sets which requests are handed on without a permit: those of probes, say. None by default.
    #[must_use]
    pub fn with_exempt(self, exempt: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        let exempt = Some(Arc::new(exempt) as Exempt);
        Self(Options { exempt, ..self.0 }.renewed())
    }

    /// Returns how many requests hold a permit.
    pub fn running(&self) -> usize {
        self.0.limiter.held()
    }

    /// Returns how many requests wait for one.
    pub fn waiting(&self) -> usize {
        self.0.limiter.waiting()
    }
}

impl Options {
    fn renewed(self) -> Self {
        let limiter = Arc::new(Limiter::new(self.permits, self.queue, self.order));
        Self { limiter, ..self }
    }
}

/// Who of those that wait goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueOrder {
    /// Who came first. Who finds the queue full is refused.
    OldestFirst,
    /// Who came last. Who finds the queue full takes the place of the oldest, which is refused.
    NewestFirst,
}

impl<S> Layer<S> for ConcurrencyLimiterLayer {
    type Service = ConcurrencyLimiter<S>;

    fn layer(&self, inner: S) -> ConcurrencyLimiter<S> {
        ConcurrencyLimiter::new(inner, self.0.clone())
    }
}

impl fmt::Debug for ConcurrencyLimiterLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConcurrencyLimiterLayer")
            .field(&self.0)
            .finish()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("permits", &self.permits)
            .field("queue", &self.queue)
            .field("order", &self.order)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}
