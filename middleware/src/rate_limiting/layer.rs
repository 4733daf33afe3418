use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;
use http::request::Parts;
use tower_layer::Layer;

use super::local::Local;
use super::outage::Outage;
use super::{Quota, RateLimitKey, RateLimitStore, RateLimiting, WithoutStore};

/// Makes of a service one that hands on so many requests of each client. See the [module](super).
///
/// Clones of a layer, and the services that it makes, count together.
#[doc(alias = "UseRateLimiter")]
#[doc(alias = "RateLimiterOptions")]
#[derive(Clone)]
pub struct RateLimitingLayer(pub(super) Options);

#[derive(Clone)]
pub(super) struct Options {
    pub(super) quota: Quota,
    pub(super) name: Arc<str>,
    pub(super) key: Option<Key>,
    pub(super) status: StatusCode,
    pub(super) fields: bool,
    pub(super) local: Arc<Local>,
    pub(super) clock: Clock,
    /// When the clock was set: what is remembered counts from there.
    pub(super) epoch: Instant,
    pub(super) store: Option<Arc<dyn RateLimitStore>>,
    pub(super) without_store: WithoutStore,
    pub(super) outage: Arc<Outage>,
}

type Key = Arc<dyn Fn(&Parts) -> Option<RateLimitKey> + Send + Sync>;
type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

impl RateLimitingLayer {
    /// Gives each client this quota.
    pub fn new(quota: Quota) -> Self {
        Self(Options {
            quota,
            name: "default".into(),
            key: None,
            status: StatusCode::TOO_MANY_REQUESTS,
            fields: false,
            local: Arc::new(Local::new(100_000)),
            clock: Arc::new(Instant::now),
            epoch: Instant::now(),
            store: None,
            without_store: WithoutStore::Allow,
            outage: Arc::default(),
        })
    }

    /// Sets the name in the fields of the response, and in a store, where layers of one name count together.
    /// `default` by default. What is not visible ASCII, and quotes and backslashes, become `_`.
    #[must_use]
    pub fn with_name(self, name: &str) -> Self {
        let plain = |c: char| match c {
            '"' | '\\' => '_',
            ' '..='~' => c,
            _ => '_',
        };
        let name = name.chars().map(plain).collect::<String>().into();
        Self(Options { name, ..self.0 })
    }

    /// Sets whose requests are counted together; those without a key are handed on and not counted. By default the
    /// address of the client.
    #[doc(alias = "PartitionedRateLimiter")]
    #[must_use]
    pub fn with_key(
        self,
        key: impl Fn(&Parts) -> Option<RateLimitKey> + Send + Sync + 'static,
    ) -> Self {
        let key = Some(Arc::new(key) as Key);
        Self(Options { key, ..self.0 })
    }

    /// Sets how many keys are remembered, one at least. 100,000 by default, of about 200 bytes each. A store has its
    /// own end.
    #[must_use]
    pub fn with_max_keys(self, most: usize) -> Self {
        let local = Arc::new(Local::new(most));
        Self(Options { local, ..self.0 })
    }

    /// Sets the status of who is refused. 429 by default.
    #[doc(alias = "RejectionStatusCode")]
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self(Options { status, ..self.0 })
    }

    /// Sets whether responses say what the quota is and what is left of it, in `RateLimit` and `RateLimit-Policy`.
    /// Off by default: whoever attacks need not know.
    #[must_use]
    pub fn with_fields(self, fields: bool) -> Self {
        Self(Options { fields, ..self.0 })
    }

    /// Sets the clock. [`Instant::now`] by default. A store has its own.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        let epoch = clock();
        Self(Options {
            clock: Arc::new(clock),
            epoch,
            ..self.0
        })
    }

    /// Counts in a store, for more than one process, and not in this one.
    #[must_use]
    pub fn with_store(self, store: impl RateLimitStore) -> Self {
        let store = Some(Arc::new(store) as Arc<dyn RateLimitStore>);
        Self(Options { store, ..self.0 })
    }

    /// Sets what happens while the store does not answer. Requests are handed on by default.
    #[must_use]
    pub fn with_without_store(self, without_store: WithoutStore) -> Self {
        Self(Options {
            without_store,
            ..self.0
        })
    }

    /// Returns how many keys are remembered in this process.
    pub fn keys(&self) -> usize {
        self.0.local.len()
    }
}

impl<S> Layer<S> for RateLimitingLayer {
    type Service = RateLimiting<S>;

    fn layer(&self, inner: S) -> RateLimiting<S> {
        RateLimiting::new(inner, self.0.clone())
    }
}

impl fmt::Debug for RateLimitingLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RateLimitingLayer").field(&self.0).finish()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("name", &self.name)
            .field("quota", &self.quota)
            .field("status", &self.status)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
