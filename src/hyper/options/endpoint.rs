use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;

use super::Protocols;
use crate::adapter::SocketOptions;
use crate::hyper::middleware::{ConnectionLayer, Layers};
use crate::hyper::proxy_protocol::ProxyProtocol;
#[cfg(feature = "tls")]
use crate::hyper::tls::Tls;

/// One place that a server listens at, and what holds for the connections that arrive there.
///
/// ```
/// use transom::hyper::{Endpoint, Protocols};
/// use transom::{BoundServer, HyperServer, Server, features::ServerAddresses};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = HyperServer::default()
///     .with_endpoint(Endpoint::new("http://127.0.0.1:0"))
///     .with_endpoint(Endpoint::new("http://127.0.0.1:0").with_protocols(Protocols::HTTP2));
/// let bound = server.bind().await?;
/// assert_eq!(bound.features().require::<ServerAddresses>()?.bound().len(), 2);
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "ListenOptions")]
#[derive(Debug)]
#[must_use]
pub struct Endpoint {
    pub(in crate::hyper) source: Source,
    pub(in crate::hyper) name: Option<String>,
    pub(in crate::hyper) socket: SocketOptions,
    pub(in crate::hyper) options: EndpointOptions,
}

/// Where the connections of an endpoint come from.
#[derive(Debug)]
pub(in crate::hyper) enum Source {
    /// An address, not parsed yet.
    Address(String),
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
    /// Sockets of the process, by name or all of them.
    #[cfg(unix)]
    Inherited(Option<String>),
}

/// What holds for the connections of an endpoint.
#[derive(Clone, Debug)]
pub(in crate::hyper) struct EndpointOptions {
    pub(in crate::hyper) protocols: Protocols,
    /// Once the server is bound, it is there if, and only if, the scheme is `https`.
    #[cfg(feature = "tls")]
    pub(in crate::hyper) tls: Option<Tls>,
    /// Whether TCP sends small packets at once.
    pub(in crate::hyper) no_delay: bool,
    pub(in crate::hyper) proxy_protocol: Option<ProxyProtocol>,
    /// Below TLS.
    pub(in crate::hyper) wire: Layers,
    /// Above TLS.
    pub(in crate::hyper) layers: Layers,
    /// Whether responses do not tell that HTTP/3 is spoken too.
    pub(in crate::hyper) without_alt_svc: bool,
}

impl Endpoint {
    /// Returns an endpoint at one address; see [`ServerAddress`](crate::features::ServerAddress). A
    /// malformed one is an error of [`bind`](crate::Server::bind).
    pub fn new(address: impl Into<String>) -> Self {
        Self::of(Source::Address(address.into()))
    }

    /// Returns an endpoint of a TCP listener that was made elsewhere: handed over by a service manager, say.
    pub fn from_tcp_listener(listener: TcpListener) -> Self {
        Self::of(Source::Tcp(listener))
    }

    /// As [`from_tcp_listener`](Self::from_tcp_listener), for a unix socket. Its file stays the caller's.
    #[cfg(unix)]
    pub fn from_unix_listener(listener: UnixListener) -> Self {
        Self::of(Source::Unix(listener))
    }

    /// Returns an endpoint of the sockets of a name that the process got from whoever started it: systemd's
    /// `FileDescriptorName=`, which is the name of the socket unit unless it says otherwise.
    ///
    /// The variables `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES` are read once, when the first such endpoint
    /// is bound, and the first two are removed, so that children do not take them for theirs; that should be
    /// before other threads read variables. A name that there is not is an error of
    /// [`bind`](crate::Server::bind), which says those that there are.
    ///
    /// ```
    /// use transom::hyper::Endpoint;
    /// use transom::{HyperServer, Server};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = HyperServer::default().with_endpoint(Endpoint::inherited("web"));
    /// let error = server.bind().await.unwrap_err();
    /// assert!(error.to_string().starts_with("no socket `web` was handed over"));
    /// # });
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(unix)]
    #[doc(alias = "ListenHandle")]
    #[doc(alias = "UseSystemd")]
    pub fn inherited(name: impl Into<String>) -> Self {
        Self::of(Source::Inherited(Some(name.into())))
    }

    /// As [`inherited`](Self::inherited), for all sockets that the process got.
    #[cfg(unix)]
    pub fn from_environment() -> Self {
        Self::of(Source::Inherited(None))
    }

    /// Gives the endpoint a name, by which the log and errors call it, and by which it can be removed while
    /// the server serves ([`LiveEndpoints`](super::super::LiveEndpoints)). No two endpoints of a server have
    /// the same.
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets how its sockets are made: their backlog and buffers, the mode and the owner of a unix socket, and
    /// so on. Those of a listener that was made elsewhere are the caller's.
    pub fn with_socket_options(mut self, options: SocketOptions) -> Self {
        self.socket = options;
        self
    }

    /// Sets whether TCP sends small packets at once (`TCP_NODELAY`); `true` by default. With `false` a
    /// response may wait for the acknowledgement of the last one.
    #[doc(alias = "NoDelay")]
    pub fn with_no_delay(mut self, at_once: bool) -> Self {
        self.options.no_delay = at_once;
        self
    }

    /// Believes proxies that say by the PROXY protocol who their client is.
    pub fn with_proxy_protocol(mut self, trust: ProxyProtocol) -> Self {
        self.options.proxy_protocol = Some(trust);
        self
    }

    /// Adds middleware over the bytes of each connection, as HTTP has them: after TLS. What is added first is
    /// nearest to the client.
    #[doc(alias = "ListenOptions.Use")]
    pub fn with_connection_layer(mut self, layer: impl ConnectionLayer) -> Self {
        self.options.layers.push(layer);
        self
    }

    /// As [`with_connection_layer`](Self::with_connection_layer), over the bytes as the client sends them: before
    /// TLS, and after the header of the PROXY protocol.
    pub fn with_wire_layer(mut self, layer: impl ConnectionLayer) -> Self {
        self.options.wire.push(layer);
        self
    }

    /// Sets the versions of HTTP to speak; HTTP/1 and HTTP/2 by default.
    pub fn with_protocols(mut self, protocols: Protocols) -> Self {
        self.options.protocols = protocols;
        self
    }

    /// Sets how to speak TLS, instead of how the server does
    /// ([`HyperServer::with_tls`](crate::HyperServer::with_tls)). The address has to be `https`; a listener
    /// that was made elsewhere becomes so.
    #[cfg(feature = "tls")]
    #[doc(alias = "UseHttps")]
    pub fn with_tls(mut self, tls: impl Into<Tls>) -> Self {
        self.options.tls = Some(tls.into());
        self
    }

    /// Leaves `Alt-Svc` out of the responses of an endpoint that speaks HTTP/3 beside another version. Else
    /// clients learn by it that they may use HTTP/3 at the same port (RFC 7838), unless the application says
    /// something else.
    #[doc(alias = "DisableAltSvcHeader")]
    pub fn without_alt_svc(mut self) -> Self {
        self.options.without_alt_svc = true;
        self
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            name: None,
            socket: SocketOptions::default(),
            options: EndpointOptions::default(),
        }
    }
}

impl Default for EndpointOptions {
    fn default() -> Self {
        Self {
            protocols: Protocols::default(),
            no_delay: true,
            proxy_protocol: None,
            wire: Layers::default(),
            layers: Layers::default(),
            #[cfg(feature = "tls")]
            tls: None,
            without_alt_svc: false,
        }
    }
}
