use std::fmt;

use transom::features::{
    RequestedAddresses, ServerAddress, ServerAddresses, ServerInfo, ServerStatistics,
};
use transom::{Error, Features, Server};
use transom_middleware::owin::{Properties, keys};

use crate::bound::OwinBoundServer;
use crate::gate::Gate;
use crate::{OwinServerFactory, RunningOwinServer};

/// A server that drives OWIN applications, before it is bound: its options. See the [crate](crate).
#[doc(alias = "NowinServer")]
pub struct OwinServer<F> {
    factory: F,
    requested: RequestedAddresses,
    max_request_body_size: Option<Option<u64>>,
}

impl<F: OwinServerFactory> OwinServer<F> {
    /// Returns a server for the addresses of a list separated by `;`. A malformed one is an error of `bind`.
    pub fn new(factory: F, addresses: &str) -> Self {
        Self {
            factory,
            requested: RequestedAddresses::parse(addresses),
            max_request_body_size: None,
        }
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by default.
    #[must_use]
    pub fn with_max_request_body_size(self, limit: Option<u64>) -> Self {
        Self {
            max_request_body_size: Some(limit),
            ..self
        }
    }

    /// Returns the server of the factory, to set what only it can.
    #[must_use]
    pub fn configure(self, configure: impl FnOnce(F) -> F) -> Self {
        Self {
            factory: configure(self.factory),
            ..self
        }
    }
}

impl<F: OwinServerFactory> Server for OwinServer<F> {
    type Bound = OwinBoundServer<F::Server>;

    async fn bind(mut self) -> Result<Self::Bound, Error> {
        let requested = self.requested.take()?;
        let capabilities = Properties::new();
        self.factory.initialize(&properties(&capabilities));
        let gate = Gate::new();
        let (mut servers, mut bound) = (Vec::new(), Vec::new());
        for address in &requested {
            let properties = properties(&capabilities);
            properties.set(keys::HOST_ADDRESSES, vec![address.clone()]);
            // If it fails, those that run are dropped, and so released.
            let server = self.factory.create(gate.app_func(), properties).await;
            let server = server.map_err(|error| Error::bind(address, error))?;
            bound.extend(told(address, &server)?);
            servers.push(server);
        }
        let mut features = Features::new();
        features.insert(info(&capabilities));
        features.insert(ServerAddresses::new(requested, bound));
        features.insert(ServerStatistics::new());
        Ok(OwinBoundServer {
            servers,
            gate,
            features,
            max_request_body_size: self.max_request_body_size,
        })
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        Some(&mut self.requested)
    }
}

fn properties(capabilities: &Properties) -> Properties {
    let properties = Properties::new();
    properties.set(keys::VERSION, "1.0".to_owned());
    properties.set(keys::CAPABILITIES, capabilities.clone());
    properties
}

/// Returns where a server listens that was told to listen at an address.
fn told(
    address: &ServerAddress,
    server: &impl RunningOwinServer,
) -> Result<Vec<ServerAddress>, Error> {
    let told = server.addresses();
    match (told.is_empty(), address.port()) {
        (false, _) => Ok(told),
        (true, Some(0)) => Err(Error::bind(
            address,
            "the server does not tell which port it has taken; ask for one by its number",
        )),
        (true, _) => Ok(vec![address.clone()]),
    }
}

/// Returns who the server says that it is, as `name/version`.
fn info(capabilities: &Properties) -> ServerInfo {
    let name: Option<String> = capabilities.get(keys::SERVER_NAME);
    let name = name.unwrap_or_else(|| "OWIN".to_owned());
    let (name, version) = match name.split_once('/') {
        Some((name, version)) => (name.to_owned(), version.to_owned()),
        None => (name, "unknown".to_owned()),
    };
    ServerInfo::new(name, version).with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

impl<F> fmt::Debug for OwinServer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwinServer")
            .field("factory", &std::any::type_name::<F>())
            .field("requested", &self.requested)
            .finish_non_exhaustive()
    }
}
