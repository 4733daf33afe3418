use std::collections::BTreeSet;
use std::env;
use std::sync::OnceLock;

use transom::features::{Scheme, ServerAddress, ServerAddresses};

/// Where the port may be, in the order in which it is looked for.
const VARIABLES: [&str; 2] = ["TRANSOM_HTTPS_PORT", "ASPNETCORE_ANCM_HTTPS_PORT"];

/// The port of `https`, looked for once.
#[derive(Debug)]
pub(super) struct HttpsPort {
    option: Option<u16>,
    addresses: Option<ServerAddresses>,
    found: OnceLock<Found>,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Port(u16),
    None,
    /// Something says it, and cannot be followed.
    Unclear,
}

impl HttpsPort {
    pub(super) fn new(option: Option<u16>, addresses: Option<ServerAddresses>) -> Self {
        Self {
            option,
            addresses,
            found: OnceLock::new(),
        }
    }

    /// Returns the port; `server` is of the server that received the request.
    pub(super) fn find(&self, server: Option<&ServerAddresses>) -> Found {
        *self.found.get_or_init(|| self.look_for(server))
    }

    fn look_for(&self, server: Option<&ServerAddresses>) -> Found {
        if let Some(port) = self.option {
            return Found::Port(port);
        }
        for name in VARIABLES {
            let Some(value) = env::var_os(name).filter(|value| !value.is_empty()) else {
                continue;
            };
            let port = value.to_str().and_then(|value| value.parse().ok());
            return match port.filter(|port| *port != 0) {
                Some(port) => Found::Port(port),
                None => {
                    tracing::error!("{name} is {value:?}; it may be a port, from 1 to 65535");
                    Found::Unclear
                }
            };
        }
        let addresses = self.addresses.as_ref().or(server);
        let ports: BTreeSet<u16> = addresses
            .map(ServerAddresses::bound)
            .unwrap_or_default()
            .iter()
            .filter(|address| address.scheme() == Scheme::Https)
            .filter_map(ServerAddress::port)
            .collect();
        let mut all = ports.iter();
        match (all.next(), all.next()) {
            (Some(port), None) => Found::Port(*port),
            (None, _) => {
                tracing::warn!(
                    "no port of https was found; requests over http are not redirected. Give it to the layer, or in {}",
                    VARIABLES[0]
                );
                Found::None
            }
            _ => {
                tracing::error!(
                    "https is bound to several ports, {ports:?}; give the one to redirect to to the layer, or in {}",
                    VARIABLES[0]
                );
                Found::Unclear
            }
        }
    }
}
