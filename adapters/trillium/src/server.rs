use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use transom::adapter;
use transom::features::{
    MaxRequestBodySize, RequestedAddresses, ServerInfo, ServerLimit, ServerLimits,
};
use transom::{Error, Server};
use transom_adapter_tokio::Tls;
use trillium_http::HttpConfig;

use crate::TrilliumBoundServer;
use crate::wire::Timeouts;

/// The release of trillium-http that this adapter is made for.
const ENGINE_VERSION: &str = "1.6";

/// How long a head may be, in bytes.
const HEAD: usize = 64 * 1024;

/// A server on trillium-http: HTTP/1.1 and HTTP/2 over TCP and unix sockets, in the clear or over TLS.
///
/// The connections run on the runtime that polls [`serve`](transom::BoundServer::serve), and so does the
/// application. HTTP/2 is spoken with clients that begin with it, and where TLS agrees on it.
///
/// ```
/// use transom::{Body, BoundServer, Request, Response, Server, Shutdown, features::ServerAddresses};
/// use transom_trillium::TrilliumServer;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let bound = TrilliumServer::new("http://127.0.0.1:0").bind().await?;
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
pub struct TrilliumServer {
    addresses: RequestedAddresses,
    options: Options,
    tls: Option<Arc<ServerConfig>>,
    handshake_timeout: Duration,
}

pub(crate) struct Options {
    pub(crate) max_request_body_size: Option<u64>,
    pub(crate) timeouts: Timeouts,
    pub(crate) config: HttpConfig,
    pub(crate) tls: Option<Tls>,
}

impl TrilliumServer {
    /// Returns a server that will bind these addresses, separated by `;`. A malformed one is an error of
    /// [`bind`](Server::bind).
    pub fn new(addresses: &str) -> Self {
        Self {
            addresses: RequestedAddresses::parse(addresses),
            options: Options {
                max_request_body_size: Some(MaxRequestBodySize::DEFAULT),
                timeouts: Timeouts {
                    head: Some(Duration::from_secs(30)),
                    keep_alive: Some(Duration::from_secs(130)),
                },
                config: HttpConfig::default()
                    .with_head_max_len(HEAD)
                    .with_max_header_list_size(HEAD as u64)
                    .with_extended_connect_enabled(),
                tls: None,
            },
            tls: None,
            handshake_timeout: Duration::from_secs(10),
        }
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

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by default.
    pub fn with_max_request_body_size(mut self, limit: Option<u64>) -> Self {
        self.options.max_request_body_size = limit;
        self
    }

    /// Sets how long a client may take for the head of a request: for the first of a connection since it was
    /// accepted, for another since its first byte. It is then answered 408 if it speaks HTTP/1. 30 seconds by
    /// default; `None` for no limit.
    pub fn with_request_head_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.options.timeouts.head = timeout;
        self
    }

    /// Sets how long a connection may be idle between two requests. 130 seconds by default; `None` for ever.
    pub fn with_keep_alive_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.options.timeouts.keep_alive = timeout;
        self
    }

    /// Sets how long the handshake of TLS may take. 10 seconds by default; `None` for no limit.
    pub fn with_handshake_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.handshake_timeout = timeout.unwrap_or_default();
        self
    }

    /// Configures the engine: its buffers, its limit of a head, its windows of HTTP/2. A second call goes on from
    /// the first.
    ///
    /// Two things stay as they are. How long a body may be is decided by
    /// [`with_max_request_body_size`](Self::with_max_request_body_size) and by the application, and a field that
    /// cannot be sent is left out and never a panic.
    ///
    /// ```
    /// use transom_trillium::TrilliumServer;
    ///
    /// let server = TrilliumServer::new("http://127.0.0.1:0")
    ///     .with_configure(|engine| engine.with_h2_max_concurrent_streams(250));
    /// # let _ = server;
    /// ```
    pub fn with_configure(mut self, configure: impl FnOnce(HttpConfig) -> HttpConfig) -> Self {
        self.options.config = configure(self.options.config);
        self
    }

    fn bind_now(mut self) -> Result<TrilliumBoundServer, Error> {
        let requested = self.addresses.take()?;
        self.options.tls = Tls::for_addresses(&requested, self.tls, self.handshake_timeout)?;
        self.options.config = self
            .options
            .config
            .with_received_body_max_len(u64::MAX)
            .without_panic_on_invalid_response_headers();
        let listeners = adapter::bind(&requested)?;
        let mut features = adapter::bound_features(info(), requested, &listeners);
        features.insert(ServerLimits::new([
            ServerLimit::bytes("max_request_body_size", self.options.max_request_body_size),
            ServerLimit::time("request_head_timeout", self.options.timeouts.head),
            ServerLimit::time("keep_alive_timeout", self.options.timeouts.keep_alive),
        ]));
        Ok(TrilliumBoundServer::new(listeners, features, self.options))
    }
}

/// Returns what the server is.
pub(crate) fn info() -> ServerInfo {
    ServerInfo::new("trillium-http", ENGINE_VERSION)
        .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

impl Server for TrilliumServer {
    type Bound = TrilliumBoundServer;

    async fn bind(self) -> Result<Self::Bound, Error> {
        self.bind_now()
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        Some(&mut self.addresses)
    }
}

/// A server that was told no address: a host fills it in, or else it is
/// [`RequestedAddresses::DEFAULT`].
impl Default for TrilliumServer {
    fn default() -> Self {
        Self::new("")
    }
}

impl fmt::Debug for TrilliumServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrilliumServer")
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
        let entry = format!("name = \"trillium-http\"\nversion = \"{ENGINE_VERSION}.");
        assert!(
            lock.contains(&entry),
            "ENGINE_VERSION is not what is locked"
        );
    }

    #[tokio::test]
    async fn an_https_address_without_a_certificate_is_refused_rather_than_served_in_the_clear() {
        let error = TrilliumServer::new("https://127.0.0.1:0")
            .bind()
            .await
            .unwrap_err();
        assert!(error.is_configuration(), "{error}");
        assert!(error.to_string().contains("https://127.0.0.1:0"), "{error}");
        assert!(error.to_string().contains("with_tls"), "{error}");
    }
}
