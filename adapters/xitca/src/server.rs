use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use transom::adapter;
use transom::features::{
    MaxRequestBodySize, RequestedAddresses, ServerInfo, ServerLimit, ServerLimits,
};
use transom::{Error, Server};
use transom_adapter_tokio::{Tls, or_forever};
use xitca_http::config::HttpServiceConfig;

use crate::XitcaBoundServer;

/// The release of xitca-http that this adapter is made for.
const ENGINE_VERSION: &str = "0.9";

/// More worker threads than that are a mistake.
const MAX_WORKERS: usize = 512;

/// What the engine lets be set for its connections: at most 100 fields and 64 KiB in the head of a request, and
/// 64 KiB of a response that wait to be written.
pub type XitcaConfig = HttpServiceConfig<100, { 64 * 1024 }, { 64 * 1024 }>;

/// A server on xitca-http and xitca-server: HTTP/1.1 and HTTP/2 over TCP and unix sockets, in the clear
/// and over TLS, on threads of its own.
///
/// Each worker thread runs a single-threaded runtime and answers the connections that it accepts. The
/// application is polled on those threads, inside the runtime that polls
/// [`serve`](transom::BoundServer::serve): its timers, sockets and spawned tasks belong to the host. An
/// application that blocks a thread holds up every connection of that worker.
///
/// ```
/// use transom::{Body, BoundServer, Request, Response, Server, Shutdown, features::ServerAddresses};
/// use transom_xitca::XitcaServer;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let bound = XitcaServer::new("http://127.0.0.1:0").with_workers(1).bind().await?;
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
pub struct XitcaServer {
    addresses: RequestedAddresses,
    options: Options,
    tls: Option<Arc<ServerConfig>>,
    handshake_timeout: Duration,
}

pub(crate) struct Options {
    pub(crate) workers: Option<usize>,
    pub(crate) max_request_body_size: Option<u64>,
    pub(crate) tls: Option<Tls>,
    request_head_timeout: Duration,
    keep_alive_timeout: Duration,
    configure: Option<Configure>,
}

type Configure = Box<dyn FnOnce(XitcaConfig) -> XitcaConfig + Send>;

impl XitcaServer {
    /// Returns a server that will bind these addresses, separated by `;`. A malformed one is an error of
    /// [`bind`](Server::bind).
    pub fn new(addresses: &str) -> Self {
        Self {
            addresses: RequestedAddresses::parse(addresses),
            options: Options {
                workers: None,
                max_request_body_size: Some(MaxRequestBodySize::DEFAULT),
                tls: None,
                request_head_timeout: Duration::from_secs(30),
                keep_alive_timeout: Duration::from_secs(130),
                configure: None,
            },
            tls: None,
            handshake_timeout: Duration::from_secs(10),
        }
    }

    /// Sets the number of worker threads, 1 to 512; as many as the machine has cores by default.
    pub fn with_workers(mut self, workers: usize) -> Self {
        self.options.workers = Some(workers);
        self
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

    /// Sets how long a client may take for the head of a request since its first byte, and then it is answered
    /// 408; and how long a new connection may be silent. 30 seconds by default; zero for no limit. The engine's
    /// clock ticks every half second, so less than that means nothing.
    pub fn with_request_head_timeout(mut self, timeout: Duration) -> Self {
        self.options.request_head_timeout = timeout;
        self
    }

    /// Sets how long a connection may be idle between two requests, to half a second. 130 seconds by
    /// default; zero closes each connection that has no further request on its way. One of HTTP/2 is sent a PING
    /// then, and is closed when that is not answered within the same time.
    pub fn with_keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.options.keep_alive_timeout = timeout;
        self
    }

    /// Configures the engine's connections. A second call adds to the first.
    ///
    /// ```
    /// use transom_xitca::XitcaServer;
    ///
    /// let server = XitcaServer::new("http://127.0.0.1:0")
    ///     .with_configure(|config| config.h2_max_concurrent_streams(100));
    /// # let _ = server;
    /// ```
    pub fn with_configure(
        mut self,
        configure: impl FnOnce(XitcaConfig) -> XitcaConfig + Send + 'static,
    ) -> Self {
        self.options.configure = Some(match self.options.configure.take() {
            Some(first) => Box::new(move |config| configure(first(config))),
            None => Box::new(configure),
        });
        self
    }

    fn bind_now(mut self) -> Result<XitcaBoundServer, Error> {
        if let Some(workers) = self.options.workers
            && !(1..=MAX_WORKERS).contains(&workers)
        {
            return Err(Error::configuration(format!(
                "{workers} worker threads are not possible; take 1 to {MAX_WORKERS}"
            )));
        }
        let requested = self.addresses.take()?;
        self.options.tls = Tls::for_addresses(&requested, self.tls, self.handshake_timeout)?;
        let listeners = adapter::bind(&requested)?;
        let mut features = adapter::bound_features(info(), requested, &listeners);
        features.insert(ServerLimits::new([ServerLimit::bytes(
            "max_request_body_size",
            self.options.max_request_body_size,
        )]));
        Ok(XitcaBoundServer::new(listeners, features, self.options))
    }
}

impl Options {
    /// Returns how long a client may take for its first bytes, and what the engine sees to.
    pub(crate) fn config(&mut self) -> (Duration, XitcaConfig) {
        let head_timeout = or_forever(self.request_head_timeout);
        let config = HttpServiceConfig::new()
            .max_request_headers()
            .max_read_buf_size()
            .max_write_buf_size()
            .request_head_timeout(head_timeout)
            .keep_alive_timeout(self.keep_alive_timeout)
            .h2_max_header_list_size(64 * 1024);
        let config = match self.configure.take() {
            Some(configure) => configure(config),
            None => config,
        };
        (head_timeout, config)
    }
}

/// Returns what the server is.
pub(crate) fn info() -> ServerInfo {
    ServerInfo::new("xitca-http", ENGINE_VERSION)
        .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

impl Server for XitcaServer {
    type Bound = XitcaBoundServer;

    async fn bind(self) -> Result<Self::Bound, Error> {
        self.bind_now()
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        Some(&mut self.addresses)
    }
}

/// A server that was told no address: a host fills it in, or else it is
/// [`RequestedAddresses::DEFAULT`].
impl Default for XitcaServer {
    fn default() -> Self {
        Self::new("")
    }
}

impl fmt::Debug for XitcaServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XitcaServer")
            .field("addresses", &self.addresses)
            .field("workers", &self.options.workers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_locked_engine() {
        let lock = include_str!("../../../Cargo.lock");
        let entry = format!("name = \"xitca-http\"\nversion = \"{ENGINE_VERSION}.");
        assert!(
            lock.contains(&entry),
            "ENGINE_VERSION is not what is locked"
        );
    }

    #[tokio::test]
    async fn no_worker_at_all_is_a_configuration_error_that_says_what_would_be_right() {
        let error = XitcaServer::new("http://127.0.0.1:0")
            .with_workers(0)
            .bind()
            .await
            .unwrap_err();
        assert!(error.is_configuration());
        assert_eq!(
            error.to_string(),
            "0 worker threads are not possible; take 1 to 512"
        );
    }

    #[tokio::test]
    async fn an_https_address_without_a_certificate_is_refused_rather_than_served_in_the_clear() {
        let error = XitcaServer::new("https://127.0.0.1:0")
            .bind()
            .await
            .unwrap_err();
        assert!(error.is_configuration(), "{error}");
        assert!(error.to_string().contains("https://127.0.0.1:0"), "{error}");
    }
}
