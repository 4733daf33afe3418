use std::fmt;
use std::time::Duration;

use actix_server::ServerBuilder;
use transom::adapter;
use transom::features::{
    MaxRequestBodySize, RequestedAddresses, Scheme, ServerAddresses, ServerInfo, ServerStatistics,
};
use transom::{Error, Features, Server};

use crate::ActixBoundServer;

/// The release of actix-http that this adapter is made for.
pub(crate) const ENGINE_VERSION: &str = "3.20";

/// As many worker threads as actix-server takes.
const MAX_WORKERS: usize = 512;

/// A server on actix-http and actix-server: HTTP/1.1 over TCP and unix sockets, on threads of its own.
///
/// Each worker thread runs a single-threaded runtime and answers the connections that it was dealt. The
/// application is polled on those threads, inside the runtime that polls
/// [`serve`](transom::BoundServer::serve): its timers, sockets and spawned tasks belong to the host. An
/// application that blocks a thread holds up every connection of that worker.
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
}

pub(crate) struct Options {
    pub(crate) workers: Option<usize>,
    pub(crate) max_request_body_size: Option<u64>,
    pub(crate) request_head_timeout: Duration,
    pub(crate) keep_alive_timeout: Duration,
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
                configure: None,
            },
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

    /// Sets how long a client may take for the head of a request: for the first of a connection since it
    /// was accepted, and then it is answered 408; for another since its first byte. 30 seconds by default;
    /// zero for no limit. The engine's clock ticks every half second, so less than that means nothing.
    pub fn with_request_head_timeout(mut self, timeout: Duration) -> Self {
        self.options.request_head_timeout = timeout;
        self
    }

    /// Sets how long a connection may be idle between two requests, to half a second. 130 seconds by
    /// default; zero closes each connection after its first response.
    pub fn with_keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.options.keep_alive_timeout = timeout;
        self
    }

    /// Configures the engine's own builder, before the listeners are added. A second call adds to the
    /// first.
    ///
    /// Its signal handlers stay off, and its own way to shut down is not used: both belong to the host.
    /// Services that are added here are not part of the server's addresses, and are not drained.
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
        let requested = self.addresses.take()?;
        if let Some(address) = requested
            .iter()
            .find(|address| address.scheme() == Scheme::Https)
        {
            return Err(Error::configuration(format!(
                "`{address}` asks for TLS, which this server does not have; take `http`, or another server"
            )));
        }
        let listeners = adapter::bind(&requested)?;
        let bound = listeners.iter().map(|at| at.address().clone()).collect();
        let mut features = Features::new();
        features.insert(
            ServerInfo::new("actix-http", ENGINE_VERSION)
                .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        );
        features.insert(ServerAddresses::new(requested, bound));
        features.insert(ServerStatistics::new());
        Ok(ActixBoundServer::new(listeners, features, self.options))
    }
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
    async fn an_https_address_is_refused_rather_than_served_in_the_clear() {
        let error = ActixServer::new("https://127.0.0.1:0")
            .bind()
            .await
            .unwrap_err();
        assert!(error.is_configuration(), "{error}");
        assert!(error.to_string().contains("https://127.0.0.1:0"), "{error}");
    }
}
