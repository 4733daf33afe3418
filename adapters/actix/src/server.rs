use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_server::ServerBuilder;
use rustls::ServerConfig;
use transom::adapter;
use transom::features::{
    MaxRequestBodySize, RequestedAddresses, ServerInfo, ServerLimit, ServerLimits,
};
use transom::{Error, Server};
use transom_adapter_tokio::Tls;

use crate::ActixBoundServer;
use crate::worker::Settings;

/// The release of actix-http that this adapter is made for.
const ENGINE_VERSION: &str = "3.20";

/// As many worker threads as actix-server takes.
const MAX_WORKERS: usize = 512;

/// As large as a window of HTTP/2 can be, and the least that its connection begins with (RFC 9113, section 6.9).
const MAX_WINDOW: u32 = (1 << 31) - 1;
const MIN_CONNECTION_WINDOW: u32 = (1 << 16) - 1;

/// A server on actix-http and actix-server: HTTP/1.1 and HTTP/2 over TCP and unix sockets, in the clear or over TLS, on
/// threads of its own.
///
/// Each worker thread runs a single-threaded runtime and answers the connections that it was dealt. The
/// application is polled on those threads, inside the runtime that polls
/// [`serve`](transom::BoundServer::serve): its timers, sockets and spawned tasks belong to the host. An
/// application that blocks a thread holds up every connection of that worker. HTTP/2 is spoken with clients that
/// begin with it, and where TLS agrees on it.
///
/// ```
/// use transom::{Body, BoundServer, Request, Response, Server, Shutdown, features::ServerAddresses};
/// use transom_actix::ActixServer;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let bound = ActixServer::new("http://127.0.0.1:0").with_workers(1).bind().await?;
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
pub struct ActixServer {
    addresses: RequestedAddresses,
    options: Options,
    tls: Option<Arc<ServerConfig>>,
    handshake_timeout: Duration,
}

pub(crate) struct Options {
    pub(crate) workers: Option<usize>,
    pub(crate) max_request_body_size: Option<u64>,
    pub(crate) request_head_timeout: Duration,
    pub(crate) keep_alive_timeout: Duration,
    pub(crate) tls: Option<Tls>,
    pub(crate) settings: Settings,
    pub(crate) configure: Option<Configure>,
}

pub(crate) type Configure = Box<dyn FnOnce(ServerBuilder) -> ServerBuilder + Send>;

impl ActixServer {
    /// Returns a server that will bind these addresses, separated by `;`. A malformed one is an error of
    /// [`bind`](Server::bind).
    pub fn new(addresses: &str) -> Self {
        Self {
            addresses: RequestedAddresses::parse(addresses),
            options: Options {
                workers: None,
                max_request_body_size: Some(MaxRequestBodySize::DEFAULT),
                request_head_timeout: Duration::from_secs(30),
                keep_alive_timeout: Duration::from_secs(130),
                tls: None,
                settings: Settings {
                    write_buffer_size: 32 * 1024,
                    stream_window_size: 1024 * 1024,
                    connection_window_size: 2 * 1024 * 1024,
                },
                configure: None,
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

    /// Sets how long a client may take for the head of a request: for the first of a connection since it
    /// was accepted, and then it is answered 408; for another since its first byte. 30 seconds by default;
    /// zero for no limit. The engine's clock ticks every half second, so less than that means nothing.
    pub fn with_request_head_timeout(mut self, timeout: Duration) -> Self {
        self.options.request_head_timeout = timeout;
        self
    }

    /// Sets how long a connection may be idle between two requests; one of HTTP/1 at least a second.
    /// 130 seconds by default; zero closes each connection after its first response, and one of HTTP/2 when nothing
    /// is open on it.
    pub fn with_keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.options.keep_alive_timeout = timeout;
        self
    }

    /// Sets how long the handshake of TLS may take. 10 seconds by default; zero for no limit.
    pub fn with_handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// Sets how much of a response of HTTP/1 the engine gathers before it writes, in bytes; at least 1. 32 KiB by
    /// default.
    pub fn with_write_buffer_size(mut self, size: usize) -> Self {
        self.options.settings.write_buffer_size = size;
        self
    }

    /// Sets how much a client of HTTP/2 may send on a stream ahead of who reads it, in bytes; at most 2^31 - 1.
    /// 1 MiB by default.
    pub fn with_http2_initial_window_size(mut self, size: u32) -> Self {
        self.options.settings.stream_window_size = size;
        self
    }

    /// Sets how much a client of HTTP/2 may send on all streams of a connection together, in bytes; 65,535 to
    /// 2^31 - 1. 2 MiB by default.
    pub fn with_http2_initial_connection_window_size(mut self, size: u32) -> Self {
        self.options.settings.connection_window_size = size;
        self
    }

    /// Configures actix-server's own builder, before the listeners are added. A second call adds to the
    /// first.
    ///
    /// Its signal handlers stay off, and its own way to shut down is not used: both belong to the host.
    /// Services that are added here are not part of the server's addresses, and are not drained.
    ///
    /// actix-http's own builder is bound to the type of stream that this adapter gives it. What there is to set of
    /// it has options here.
    ///
    /// ```
    /// use transom_actix::ActixServer;
    ///
    /// let server = ActixServer::new("http://127.0.0.1:0")
    ///     .with_configure(|builder| builder.max_concurrent_connections(1_000));
    /// # let _ = server;
    /// ```
    pub fn with_configure(
        mut self,
        configure: impl FnOnce(ServerBuilder) -> ServerBuilder + Send + 'static,
    ) -> Self {
        self.options.configure = Some(match self.options.configure.take() {
            Some(first) => Box::new(move |builder| configure(first(builder))),
            None => Box::new(configure),
        });
        self
    }

    fn bind_now(mut self) -> Result<ActixBoundServer, Error> {
        if let Some(workers) = self.options.workers
            && !(1..=MAX_WORKERS).contains(&workers)
        {
            return Err(Error::configuration(format!(
                "{workers} worker threads are not possible; take 1 to {MAX_WORKERS}"
            )));
        }
        check(&self.options.settings)?;
        let requested = self.addresses.take()?;
        self.options.tls = Tls::for_addresses(&requested, self.tls, self.handshake_timeout)?;
        let listeners = adapter::bind(&requested)?;
        let mut features = adapter::bound_features(info(), requested, &listeners);
        let head = self.options.request_head_timeout;
        let head = (!head.is_zero()).then_some(head);
        features.insert(ServerLimits::new([
            ServerLimit::bytes("max_request_body_size", self.options.max_request_body_size),
            ServerLimit::time("request_head_timeout", head),
            ServerLimit::time("keep_alive_timeout", self.options.keep_alive_timeout),
        ]));
        Ok(ActixBoundServer::new(listeners, features, self.options))
    }
}

/// Returns what the server is.
pub(crate) fn info() -> ServerInfo {
    ServerInfo::new("actix-http", ENGINE_VERSION)
        .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

impl Server for ActixServer {
    type Bound = ActixBoundServer;

    async fn bind(self) -> Result<Self::Bound, Error> {
        self.bind_now()
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        Some(&mut self.addresses)
    }
}

/// A server that was told no address: a host fills it in, or else it is
/// [`RequestedAddresses::DEFAULT`].
impl Default for ActixServer {
    fn default() -> Self {
        Self::new("")
    }
}

impl fmt::Debug for ActixServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActixServer")
            .field("addresses", &self.addresses)
            .field("workers", &self.options.workers)
            .finish_non_exhaustive()
    }
}

/// The engine panics at what is wrong here.
fn check(settings: &Settings) -> Result<(), Error> {
    let connection = settings.connection_window_size;
    let wrong = if settings.write_buffer_size == 0 {
        "a write buffer of 0 bytes is not possible; take 1 at least".to_owned()
    } else if settings.stream_window_size > MAX_WINDOW {
        let size = settings.stream_window_size;
        format!("a window of {size} bytes is not possible on a stream; take {MAX_WINDOW} at most")
    } else if !(MIN_CONNECTION_WINDOW..=MAX_WINDOW).contains(&connection) {
        format!(
            "a window of {connection} bytes is not possible on a connection; take {MIN_CONNECTION_WINDOW} to \
             {MAX_WINDOW}"
        )
    } else {
        return Ok(());
    };
    Err(Error::configuration(wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_locked_engine() {
        let lock = include_str!("../../../Cargo.lock");
        let entry = format!("name = \"actix-http\"\nversion = \"{ENGINE_VERSION}.");
        assert!(
            lock.contains(&entry),
            "ENGINE_VERSION is not what is locked"
        );
    }

    #[tokio::test]
    async fn no_worker_at_all_is_a_configuration_error_that_says_what_would_be_right() {
        let error = ActixServer::new("http://127.0.0.1:0")
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
        let error = ActixServer::new("https://127.0.0.1:0")
            .bind()
            .await
            .unwrap_err();
        assert!(error.is_configuration(), "{error}");
        assert!(error.to_string().contains("https://127.0.0.1:0"), "{error}");
        assert!(error.to_string().contains("with_tls"), "{error}");
    }

    #[tokio::test]
    async fn what_the_engine_would_panic_at_is_a_configuration_error() {
        let server = || ActixServer::new("http://127.0.0.1:0");
        for (server, says) in [
            (server().with_write_buffer_size(0), "take 1 at least"),
            (
                server().with_http2_initial_window_size(1 << 31),
                "take 2147483647 at most",
            ),
            (
                server().with_http2_initial_connection_window_size(65_534),
                "take 65535 to 2147483647",
            ),
        ] {
            let error = server.bind().await.unwrap_err();
            assert!(error.is_configuration());
            assert!(error.to_string().ends_with(says), "{error}");
        }
    }
}
