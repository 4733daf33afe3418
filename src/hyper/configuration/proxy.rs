//! The table `endpoints.NAME.proxy_protocol`.

use super::endpoint::EndpointValues;
use super::key::{Key, Table, field};
use crate::configuration::{Entry, Problems};
use crate::contract::Error;
use crate::features::IpNetwork;
use crate::hyper::ProxyProtocol;

/// Who is believed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ProxyValues {
    trusted: Vec<String>,
    optional_header: bool,
    direct_clients: bool,
}

pub(super) const PROXY: Table<ProxyValues> = Table {
    what: "an option of the PROXY protocol",
    keys: &[
        field!(
            ProxyValues,
            trusted,
            None,
            "list of networks like `10.0.0.0/8`, and of `unix`",
            trusted,
            "the proxies that say who their client is",
            |_| None
        ),
        field!(
            ProxyValues,
            optional_header,
            None,
            "`true` or `false`",
            Entry::boolean,
            "whether they may leave that out",
            |values| Some(values.optional_header.to_string())
        ),
        field!(
            ProxyValues,
            direct_clients,
            None,
            "`true` or `false`",
            Entry::boolean,
            "whether others may connect too, and say nothing",
            |values| Some(values.direct_clients.to_string())
        ),
    ],
    kestrel: &[],
};

pub(super) const PROXY_PROTOCOL: Key<EndpointValues> = field!(
    EndpointValues,
    proxy_protocol,
    None,
    "table",
    proxy_protocol,
    "the proxies that are believed who their client is",
    |_| None
);

impl ProxyValues {
    pub(super) fn proxy_protocol(&self) -> ProxyProtocol {
        ProxyProtocol::from_trusted(&self.trusted)
            .with_optional_header(self.optional_header)
            .with_direct_clients(self.direct_clients)
    }
}

fn proxy_protocol(entry: &Entry) -> Result<ProxyValues, Error> {
    let mut problems = Problems::new();
    let values = PROXY.read(entry.table()?, ProxyValues::default(), &mut problems);
    if values.trusted.is_empty() && problems.is_empty() {
        problems.add(
            entry.error("nobody is `trusted`; name the proxies, like `[\"10.0.0.0/8\", \"unix\"]`"),
        );
    }
    problems.finish().map(|()| values)
}

fn trusted(entry: &Entry) -> Result<Vec<String>, Error> {
    let mut trusted = Vec::new();
    for entry in entry.list().iter() {
        let text = entry.text()?;
        if text != "unix" {
            let network: Result<IpNetwork, _> = text.parse();
            network.map_err(|error| {
                entry.error(format_args!(
                    "{error}; or `unix` for any peer of a unix socket"
                ))
            })?;
        }
        trusted.push(text.to_owned());
    }
    Ok(trusted)
}
