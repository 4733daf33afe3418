use crate::contract::Error;
use crate::features::{ConnectionInfo, IpNetwork, Transport};

/// Who may say by the [PROXY protocol](https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt), in version
/// 1 or 2, on whose behalf a connection was made.
///
/// A connection from a trusted peer has to begin with the header; the addresses in it become those of
/// [`ConnectionInfo`], and the rest is [`ProxyProtocolInfo`](crate::features::ProxyProtocolInfo). A header that
/// is malformed or too long (107 bytes in version 1, 4,096 in version 2) closes the connection, and so does one
/// that takes longer than the [head of a request](super::super::Limits::with_request_head_timeout) may. Whoever
/// is not trusted is refused before a byte is read.
///
/// ```
/// use transom::hyper::{Endpoint, ProxyProtocol};
/// use transom::{HyperServer, Server};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let proxies = ProxyProtocol::from_trusted(["10.0.0.0/8", "::1", "unix"]);
/// let endpoint = Endpoint::new("http://127.0.0.1:0").with_proxy_protocol(proxies);
/// HyperServer::default().with_endpoint(endpoint).bind().await?;
///
/// let typo = ProxyProtocol::from_trusted(["10.0.0.0/33"]);
/// let endpoint = Endpoint::new("http://127.0.0.1:0").with_proxy_protocol(typo);
/// let error = HyperServer::default().with_endpoint(endpoint).bind().await.unwrap_err();
/// assert!(error.to_string().contains("`10.0.0.0/33` is not a network"));
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ProxyProtocol {
    networks: Vec<IpNetwork>,
    unix: bool,
    memory: bool,
    malformed: Option<String>,
    optional: bool,
    others: bool,
}

/// What becomes of a connection of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hyper) enum Treatment {
    /// It begins with a header.
    Header,
    /// It may begin with a header.
    MaybeHeader,
    /// It has no header.
    Direct,
    /// It is closed.
    Refused,
}

impl ProxyProtocol {
    /// Trusts the peers of these networks (`10.0.0.0/8`, or an address alone), and with `unix` those that come
    /// over a unix socket, with `memory` this process itself. One that is malformed is an error of [`bind`](crate::Server::bind).
    pub fn from_trusted(peers: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut trust = Self {
            networks: Vec::new(),
            unix: false,
            memory: false,
            malformed: None,
            optional: false,
            others: false,
        };
        for peer in peers {
            match peer.as_ref() {
                "unix" => trust.unix = true,
                "memory" => trust.memory = true,
                network => match network.parse() {
                    Ok(network) => trust.networks.push(network),
                    Err(error) => {
                        let error = format!(
                            "{error}; or `unix` for any peer of a unix socket, `memory` for this process"
                        );
                        trust.malformed.get_or_insert(error);
                    }
                },
            }
        }
        trust
    }

    /// Sets whether a trusted peer may leave the header out, as the health checks of some balancers do; `false`
    /// by default. With `true` a peer that forwards what its clients send without a header lets them forge one.
    pub fn with_optional_header(mut self, optional: bool) -> Self {
        self.optional = optional;
        self
    }

    /// Sets whether peers that are not trusted may connect too, without a header; `false` by default. One that
    /// begins with a header sends a bad request.
    pub fn with_direct_clients(mut self, allowed: bool) -> Self {
        self.others = allowed;
        self
    }

    /// Checks that somebody is trusted.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] with what is malformed.
    pub(in crate::hyper) fn check(&self) -> Result<(), Error> {
        if let Some(malformed) = &self.malformed {
            return Err(Error::configuration(format!(
                "the PROXY protocol cannot be trusted from there: {malformed}"
            )));
        }
        if self.networks.is_empty() && !self.unix && !self.memory {
            return Err(Error::configuration(
                "the PROXY protocol is trusted from nobody; name the networks of the proxies, like `10.0.0.0/8`, \
                 or `unix`",
            ));
        }
        Ok(())
    }

    /// Returns what becomes of a connection.
    pub(in crate::hyper) fn treatment(&self, info: &ConnectionInfo) -> Treatment {
        let trusted = match info.remote().and_then(|remote| remote.socket_addr()) {
            Some(remote) => (self.networks.iter()).any(|network| network.contains(remote.ip())),
            None => match info.transport() {
                Transport::Unix => self.unix,
                Transport::Memory => self.memory,
                _ => false,
            },
        };
        match (trusted, self.optional, self.others) {
            (true, false, _) => Treatment::Header,
            (true, true, _) => Treatment::MaybeHeader,
            (false, _, true) => Treatment::Direct,
            (false, _, false) => Treatment::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Endpoint;

    #[test]
    fn a_peer_is_trusted_by_its_address_or_for_its_unix_socket() {
        let tcp = |address: &str| {
            let address = format!("{address}:4000").parse().unwrap();
            ConnectionInfo::new(Transport::Tcp).with_remote(Endpoint::Tcp(address))
        };
        let unix = ConnectionInfo::new(Transport::Unix).with_remote(Endpoint::Unix(None));
        let trust = ProxyProtocol::from_trusted(["10.0.0.0/8", "::1"]);
        assert_eq!(trust.treatment(&tcp("10.1.2.3")), Treatment::Header);
        let mapped = tcp("[::ffff:10.1.2.3]");
        assert_eq!(trust.treatment(&mapped), Treatment::Header);
        assert_eq!(trust.treatment(&tcp("[::1]")), Treatment::Header);
        assert_eq!(trust.treatment(&tcp("11.1.2.3")), Treatment::Refused);
        assert_eq!(trust.treatment(&unix), Treatment::Refused);
        let nobody = ConnectionInfo::new(Transport::Tcp);
        assert_eq!(trust.treatment(&nobody), Treatment::Refused);

        let memory = ConnectionInfo::new(Transport::Memory).with_remote(Endpoint::Memory);
        assert_eq!(trust.treatment(&memory), Treatment::Refused);
        let trust = ProxyProtocol::from_trusted(["memory"]);
        assert_eq!(trust.treatment(&memory), Treatment::Header);
        assert_eq!(trust.treatment(&unix), Treatment::Refused);

        let trust = ProxyProtocol::from_trusted(["unix"]).with_optional_header(true);
        assert_eq!(trust.treatment(&unix), Treatment::MaybeHeader);
        let trust = trust.with_direct_clients(true);
        assert_eq!(trust.treatment(&tcp("10.1.2.3")), Treatment::Direct);
    }

    #[test]
    fn nobody_and_nonsense_are_not_trusted() {
        let nobody = ProxyProtocol::from_trusted([""; 0]).check().unwrap_err();
        assert!(nobody.to_string().contains("from nobody"), "{nobody}");
        let nonsense = ProxyProtocol::from_trusted(["unix", "proxy.local"]);
        let nonsense = nonsense.check().unwrap_err().to_string();
        assert!(
            nonsense.contains("`proxy.local` is not a network"),
            "{nonsense}"
        );
    }
}
