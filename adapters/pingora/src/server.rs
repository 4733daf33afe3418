use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use pingora_core::protocols::http::v2::server::H2Options;
use rustls::ServerConfig;
use transom::adapter;
use transom::features::{
    MaxRequestBodySize, RequestedAddresses, ServerInfo, ServerLimit, ServerLimits,
};
use transom::{Error, Server};
use transom_adapter_tokio::{Tls, or_forever};

use crate::PingoraBoundServer;

/// The release of pingora-core that this adapter is made for.
const ENGINE_VERSION: &str = "0.9";

/// A server on pingora-core: HTTP/1.1 and HTTP/2 over TCP and unix sockets, in the clear and over TLS.
///
/// It runs on the runtime that polls [`serve`](transom::BoundServer::serve), one task for each connection and
/// one for each stream of HTTP/2. Of pingora it takes the sessions of HTTP; what belongs to a process (signals,
/// daemons, runtimes of its own) is the host's.
///
/// ```
/// use transom::{Body, BoundServer, Request, Response, Server, Shutdown, features::ServerAddresses};
/// use transom_pingora::PingoraServer;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let bound = PingoraServer::new("http://127.0.0.1:0").bind().await?;
/// let address = bound.features().require::<ServerAddresses>()?.bound()[0].clone();
/// assert_ne!(address.port(), Some(0));
///
/// let (trigger, shutdown) = Shutdown::pair();
/// trigger.request();
/// bound.serve(async |_: Request| Response::new(Body::from("hello")), shutdown).await?;
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a server does nothing until it is bound"]
pub struct PingoraServer {
    addresses: RequestedAddresses,
    options: Options,
    tls: Option<Arc<ServerConfig>>,
    handshake_timeout: Duration,
}

pub(crate) struct Options {
    pub(crate) max_request_body_size: Option<u64>,
    pub(crate) tls: Option<Tls>,
    request_head_timeout: Duration,
    keep_alive_timeout: Duration,
    pub(crate) configure_h2: Option<H2Configure>,
}

pub(crate) type H2Configure = Arc<dyn Fn(&mut H2Options) + Send + Sync>;

impl PingoraServer {
    /// Returns a server that will bind these addresses, separated by `;`. A malformed one is an error of
    /// [`bind`](Server::bind).
    pub fn new(addresses: &str) -> Self {
        Self {
            addresses: RequestedAddresses::parse(addresses),
            options: Options {
                max_request_body_size: Some(MaxRequestBodySize::DEFAULT),
                tls: None,
                request_head_timeout: Duration::from_secs(30),
                keep_alive_timeout: Duration::from_secs(130),
                configure_h2: None,
            },
            tls: None,
            handshake_timeout: Duration::from_secs(10),
        }
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by default.
    pub fn with_max_request_body_size(mut self, limit: Option<u64>) -> Self {
        self.options.max_request_body_size = limit;
        self
    }

    /// Sets the certificates, and what else TLS needs, for addresses with `https`. Without it such an address is
    /// an error of [`bind`](Server::bind).
    ///
    /// A configuration that says nothing of ALPN offers `h2` and `http/1.1`. Client certificates are asked for, and
    /// checked, as its verifier has it.
    #[doc(alias = "UseHttps")]
    pub fn with_tls(mut self, config: impl Into<Arc<ServerConfig>>) -> Self {
        self.tls = Some(config.into());
        self
    }

    /// Sets how long a client may take for the handshake of TLS; 10 seconds by default, zero for no limit.
    pub fn with_handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// Sets how long a client of HTTP/1 may take for the head of a request since its first byte, and then it is
    /// answered 408; and how long a new connection may be silent. 30 seconds by default; zero for no limit.
    pub fn with_request_head_timeout(mut self, timeout: Duration) -> Self {
        self.options.request_head_timeout = timeout;
        self
    }

    /// Sets how long a connection of HTTP/1 may be idle between two requests. 130 seconds by default; zero for no
    /// limit.
    pub fn with_keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.options.keep_alive_timeout = timeout;
        self
    }

    /// Configures HTTP/2 for each connection, on top of pingora's own defaults. A second call replaces the first.
    ///
    /// ```
    /// use transom_pingora::PingoraServer;
    ///
    /// let server = PingoraServer::new("http://127.0.0.1:0").with_configure_h2(|options| {
    ///     options.max_concurrent_streams(50);
    /// });
    /// # let _ = server;
    /// ```
    pub fn with_configure_h2(
        mut self,
        configure: impl Fn(&mut H2Options) + Send + Sync + 'static,
    ) -> Self {
        self.options.configure_h2 = Some(Arc::new(configure));
        self
    }

    fn bind_now(mut self) -> Result<PingoraBoundServer, Error> {
        let requested = self.addresses.take()?;
        self.options.tls = Tls::for_addresses(&requested, self.tls, self.handshake_timeout)?;
        let listeners = adapter::bind(&requested)?;
        let mut features = adapter::bound_features(info(), requested, &listeners);
        let limit = |time: Duration| (!time.is_zero()).then_some(time);
        features.insert(ServerLimits::new([
            ServerLimit::bytes("max_request_body_size", self.options.max_request_body_size),
            ServerLimit::time(
                "request_head_timeout",
                limit(self.options.request_head_timeout),
            ),
            ServerLimit::time("keep_alive_timeout", limit(self.options.keep_alive_timeout)),
        ]));
        Ok(PingoraBoundServer::new(listeners, features, self.options))
    }
}

impl Options {
    /// Returns how long a head may take, and how long a connection may be idle.
    pub(crate) fn timeouts(&self) -> (Duration, Duration) {
        (
            or_forever(self.request_head_timeout),
            or_forever(self.keep_alive_timeout),
        )
    }
}

/// Returns what the server is.
pub(crate) fn info() -> ServerInfo {
    ServerInfo::new("pingora", ENGINE_VERSION)
        .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

impl Server for PingoraServer {
    type Bound = PingoraBoundServer;

    async fn bind(self) -> Result<Self::Bound, Error> {
        self.bind_now()
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        Some(&mut self.addresses)
    }
}

/// A server that was told no address: a host fills it in, or else it is
/// [`RequestedAddresses::DEFAULT`].
impl Default for PingoraServer {
    fn default() -> Self {
        Self::new("")
    }
}

impl fmt::Debug for PingoraServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PingoraServer")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_locked_engine() {
        let lock = include_str!("../../../Cargo.lock");
        let entry = format!("name = \"pingora-core\"\nversion = \"{ENGINE_VERSION}.");
        assert!(
            lock.contains(&entry),
            "ENGINE_VERSION is not what is locked"
        );
    }

    #[tokio::test]
    async fn an_https_address_without_a_certificate_is_refused_rather_than_served_in_the_clear() {
        let error = PingoraServer::new("https://127.0.0.1:0")
            .bind()
            .await
            .unwrap_err();
        assert!(error.is_configuration(), "{error}");
        assert!(error.to_string().contains("https://127.0.0.1:0"), "{error}");
    }
}
