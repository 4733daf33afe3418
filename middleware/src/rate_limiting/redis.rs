use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};
use transom::body::BoxError;

use super::quota::Algorithm;
use super::state::micros;
use super::{Quota, RateLimitDecision, RateLimitKey, RateLimitStore};

/// Counts in a Redis, or whatever speaks as one and runs Lua, for all processes that have the same.
///
/// Each request is one call of a script, which decides and counts in one step by the clock of the Redis, so that the
/// clocks of the machines need not agree. What is remembered of a key expires when its quota is whole again; a Redis
/// whose memory is full evicts what it was told to (`maxmemory-policy`).
///
/// It connects when it is first asked, and again when the connection broke. There is one connection for all
/// requests.
///
/// ```no_run
/// use std::time::Duration;
/// use transom_middleware::rate_limiting::{Quota, RateLimitingLayer, RedisStore, WithoutStore};
///
/// let store = RedisStore::new("redis://10.0.0.7/")?;
/// let limits = RateLimitingLayer::new(Quota::sliding_window(100, Duration::from_secs(60)))
///     .with_store(store)
///     .with_without_store(WithoutStore::Refuse);
/// # drop(limits);
/// # Ok::<_, transom_middleware::rate_limiting::InvalidRedisUrl>(())
/// ```
pub struct RedisStore {
    client: Client,
    connection: OnceLock<ConnectionManager>,
    script: Script,
    prefix: String,
    timeout: Duration,
}

impl RedisStore {
    /// Returns the store at a URL: `redis://[[user]:password@]host[:port][/database]`, or `redis+unix:///path`.
    ///
    /// # Errors
    ///
    /// It is no such URL.
    pub fn new(url: &str) -> Result<Self, InvalidRedisUrl> {
        Ok(Self {
            client: Client::open(url).map_err(InvalidRedisUrl)?,
            connection: OnceLock::new(),
            script: Script::new(include_str!("redis.lua")),
            prefix: "transom:rate:".into(),
            timeout: Duration::from_millis(500),
        })
    }

    /// Sets what the name of every key begins with. `transom:rate:` by default.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            ..self
        }
    }

    /// Sets how long a request waits for the Redis, connecting included. 500 ms by default.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Returns the one connection; made here, since it needs a runtime.
    fn connection(&self) -> Result<ConnectionManager, RedisError> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout))
            .set_number_of_retries(1);
        let made = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        Ok(self.connection.get_or_init(|| made).clone())
    }

    async fn ask(
        &self,
        name: &str,
        key: &RateLimitKey,
        quota: &Quota,
    ) -> Result<RateLimitDecision, BoxError> {
        let algorithm = match quota.algorithm() {
            Algorithm::FixedWindow => "fixed",
            Algorithm::SlidingWindow => "sliding",
            Algorithm::TokenBucket => "bucket",
        };
        let mut connection = self.connection()?;
        let mut call = self.script.key(format!("{}{name}:{key}", self.prefix));
        call.arg(algorithm)
            .arg(quota.limit())
            .arg(micros(quota.period()))
            .arg(quota.refill());
        let asked = call.invoke_async(&mut connection);
        let (allowed, remaining, retry, reset): (bool, u32, u64, u64) =
            tokio::time::timeout(self.timeout, asked).await??;
        let reset = Duration::from_micros(reset);
        Ok(match allowed {
            true => RateLimitDecision::allow(remaining, reset),
            false => RateLimitDecision::refuse(Duration::from_micros(retry), reset),
        })
    }
}

impl RateLimitStore for RedisStore {
    fn take<'a>(
        &'a self,
        name: &'a str,
        key: &'a RateLimitKey,
        quota: &'a Quota,
    ) -> Pin<Box<dyn Future<Output = Result<RateLimitDecision, BoxError>> + Send + 'a>> {
        Box::pin(self.ask(name, key, quota))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the client: its URL has the password.
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A URL at which no Redis can be.
#[derive(Debug)]
pub struct InvalidRedisUrl(RedisError);

impl fmt::Display for InvalidRedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL: it may have a password.
        f.write_str("this is no URL of a Redis, such as `redis://127.0.0.1:6379/`")
    }
}

impl Error for InvalidRedisUrl {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
