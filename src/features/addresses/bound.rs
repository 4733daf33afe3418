use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::ServerAddress;
use crate::features::Feature;

/// The addresses of a server: those that it was asked to bind, and those that it has bound.
///
/// It is there as soon as the server is bound, so a pipeline can be built from it, and it tells what is
/// true now: port 0 is the port that the system chose, and a server whose endpoints change while it serves
/// changes this too. Clones tell the same.
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
#[derive(Clone, Default)]
pub struct ServerAddresses {
    requested: Vec<ServerAddress>,
    /// One a server; several in a union.
    bound: Vec<Arc<RwLock<Vec<ServerAddress>>>>,
}

impl ServerAddresses {
    /// Returns the feature; for servers.
    pub fn new(requested: Vec<ServerAddress>, bound: Vec<ServerAddress>) -> Self {
        Self {
            requested,
            bound: vec![Arc::new(RwLock::new(bound))],
        }
    }

    /// Returns what was asked for; empty if the server was handed its listener.
    pub fn requested(&self) -> &[ServerAddress] {
        &self.requested
    }

    /// Returns what is bound at this moment.
    pub fn bound(&self) -> Vec<ServerAddress> {
        let mut bound = Vec::new();
        for server in &self.bound {
            bound.extend_from_slice(&server.read().unwrap_or_else(PoisonError::into_inner));
        }
        bound
    }

    /// Says what is bound from now on, to all clones; for servers. In a [`union`](Self::union) it is said of
    /// the first server.
    pub fn set_bound(&self, bound: Vec<ServerAddress>) {
        if let Some(server) = self.bound.first() {
            *server.write().unwrap_or_else(PoisonError::into_inner) = bound;
        }
    }

    /// Returns the union with another server's addresses, which follows both.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.requested.extend_from_slice(&other.requested);
        self.bound.extend(other.bound.iter().map(Arc::clone));
        self
    }
}

impl Feature for ServerAddresses {
    const NAME: &'static str = "server.addresses";
}

impl fmt::Debug for ServerAddresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerAddresses")
            .field("requested", &self.requested)
            .field("bound", &self.bound())
            .finish()
    }
}

/// Two are equal whose addresses are.
impl PartialEq for ServerAddresses {
    fn eq(&self, other: &Self) -> bool {
        self.requested == other.requested && self.bound() == other.bound()
    }
}

impl Eq for ServerAddresses {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_and_clones_follow_the_servers() {
        let address = |port: u16| {
            let at = (std::net::Ipv4Addr::LOCALHOST, port);
            ServerAddress::tcp(crate::features::Scheme::Http, at.into())
        };
        let one = ServerAddresses::new(Vec::new(), vec![address(1)]);
        let two = ServerAddresses::new(vec![address(0)], vec![address(2)]);
        let both = one.clone().union(&two);
        assert_eq!(both.bound(), [address(1), address(2)]);
        assert_eq!(both.requested(), [address(0)]);
        two.set_bound(vec![address(3), address(4)]);
        one.set_bound(Vec::new());
        assert_eq!(both.bound(), [address(3), address(4)]);
        assert_eq!(both, both.clone());
        assert_ne!(both, ServerAddresses::default());
    }
}
