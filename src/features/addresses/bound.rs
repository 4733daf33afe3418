use super::ServerAddress;
use crate::features::Feature;

/// The addresses of a server: those that it was asked to bind, and those that it bound.
///
/// It is there as soon as the server is bound, so a pipeline can be built from it, and it is final: port
/// 0 is the port that the system chose.
///
/// ```
/// use transom::{BoundServer, HyperServer, Server, features::ServerAddresses};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let bound = HyperServer::new("http://127.0.0.1:0").bind().await?;
/// let addresses = bound.features().require::<ServerAddresses>()?;
/// assert_eq!(addresses.requested()[0].to_string(), "http://127.0.0.1:0");
/// assert_ne!(addresses.bound()[0].port(), Some(0));
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "IServerAddressesFeature")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerAddresses {
    requested: Vec<ServerAddress>,
    bound: Vec<ServerAddress>,
}

impl ServerAddresses {
    /// Returns the feature; for servers.
    pub fn new(requested: Vec<ServerAddress>, bound: Vec<ServerAddress>) -> Self {
        Self { requested, bound }
    }

    /// Returns what was asked for; empty if the server was handed its listener.
    pub fn requested(&self) -> &[ServerAddress] {
        &self.requested
    }

    /// Returns what is bound.
    pub fn bound(&self) -> &[ServerAddress] {
        &self.bound
    }

    /// Returns the union with another server's addresses.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.requested.extend_from_slice(&other.requested);
        self.bound.extend_from_slice(&other.bound);
        self
    }
}

impl Feature for ServerAddresses {
    const NAME: &'static str = "server.addresses";
}
