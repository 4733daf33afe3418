use super::Listener;
use crate::features::{Features, ServerAddress, ServerAddresses, ServerInfo, ServerStatistics};

/// Returns the features of a server that is bound: who it is, the addresses that were asked for and those that it has,
/// each once, and its statistics, at zero.
///
/// ```
/// use transom::adapter::{bind, bound_features};
/// use transom::features::{RequestedAddresses, ServerAddresses, ServerInfo, ServerStatistics};
///
/// let requested = RequestedAddresses::parse("http://127.0.0.1:0").take()?;
/// let listeners = bind(&requested)?;
/// let features = bound_features(ServerInfo::new("small", "1.0"), requested, &listeners);
/// let addresses = features.require::<ServerAddresses>()?;
/// assert_ne!(addresses.bound()[0].port(), Some(0));
/// assert!(features.require::<ServerStatistics>()?.is_idle());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn bound_features(
    info: ServerInfo,
    requested: Vec<ServerAddress>,
    listeners: &[Listener],
) -> Features {
    let mut bound: Vec<ServerAddress> = Vec::with_capacity(listeners.len());
    for listener in listeners {
        // Both loopbacks of `localhost` are one address.
        if !bound.contains(listener.address()) {
            bound.push(listener.address().clone());
        }
    }
    let mut features = Features::new();
    features.insert(info);
    features.insert(ServerAddresses::new(requested, bound));
    features.insert(ServerStatistics::new());
    features
}
