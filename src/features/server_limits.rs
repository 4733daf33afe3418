use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::Feature;

/// What clients may take of a server, as it is configured: for whoever shows it.
///
/// Each server lists the limits that it holds, those included that are off. They are told as they are now, so that a
/// server which takes in a new configuration changes what all clones tell. Nothing is held to a limit by this.
///
/// ```
/// use transom::features::{LimitValue, ServerLimits};
/// use transom::{BoundServer, HyperServer, Server};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let bound = HyperServer::new("http://127.0.0.1:0").with_max_request_body_size(Some(1024)).bind().await?;
/// let limits = bound.features().require::<ServerLimits>()?.all();
/// let of = |name| limits.iter().find(|limit| limit.name() == name).unwrap();
/// assert_eq!(of("max_request_body_size").value(), Some(LimitValue::Bytes(1024)));
/// assert_eq!(of("max_connections").value(), None); // any number
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "KestrelServerLimits")]
#[derive(Clone, Debug, Default)]
pub struct ServerLimits(Arc<RwLock<Vec<ServerLimit>>>);

impl ServerLimits {
    /// Returns the feature; for servers.
    pub fn new(limits: impl IntoIterator<Item = ServerLimit>) -> Self {
        Self(Arc::new(RwLock::new(limits.into_iter().collect())))
    }

    /// Returns the limits of this moment, in the order in which the server lists them.
    pub fn all(&self) -> Vec<ServerLimit> {
        let limits = self.0.read().unwrap_or_else(PoisonError::into_inner);
        limits.clone()
    }

    /// Says what holds from now on, to all clones; for servers.
    pub fn set(&self, limits: impl IntoIterator<Item = ServerLimit>) {
        let limits = limits.into_iter().collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = limits;
    }
}

impl Feature for ServerLimits {
    const NAME: &'static str = "server.limits";
}

/// One limit of a server: its name, and its value; see [`ServerLimits`].
///
/// ```
/// use std::time::Duration;
/// use transom::features::{LimitValue, ServerLimit};
///
/// let limit = ServerLimit::time("keep_alive_timeout", Duration::from_secs(130));
/// assert_eq!(limit.value(), Some(LimitValue::Time(Duration::from_secs(130))));
/// assert_eq!(ServerLimit::count("max_connections", None).value(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimit {
    name: &'static str,
    value: Option<LimitValue>,
}

impl ServerLimit {
    /// Returns a limit of how many there may be; `None` for any number.
    pub fn count(name: &'static str, limit: impl Into<Option<u64>>) -> Self {
        Self::new(name, limit.into().map(LimitValue::Count))
    }

    /// Returns a limit of a size in bytes; `None` for any size.
    pub fn bytes(name: &'static str, limit: impl Into<Option<u64>>) -> Self {
        Self::new(name, limit.into().map(LimitValue::Bytes))
    }

    /// Returns a limit of a rate in bytes a second; `None` for any rate.
    pub fn rate(name: &'static str, limit: impl Into<Option<u64>>) -> Self {
        Self::new(name, limit.into().map(LimitValue::BytesPerSecond))
    }

    /// Returns a limit of time; `None` for any time.
    pub fn time(name: &'static str, limit: impl Into<Option<Duration>>) -> Self {
        Self::new(name, limit.into().map(LimitValue::Time))
    }

    fn new(name: &'static str, value: Option<LimitValue>) -> Self {
        Self { name, value }
    }

    /// Returns the name, which is that of the option it is set with: `max_connections`, `http2.max_streams`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the value; `None` if the limit is off.
    pub fn value(&self) -> Option<LimitValue> {
        self.value
    }
}

/// The value of a [`ServerLimit`], in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitValue {
    /// So many.
    Count(u64),
    /// So many bytes.
    Bytes(u64),
    /// So many bytes a second.
    BytesPerSecond(u64),
    /// So long.
    Time(Duration),
}
