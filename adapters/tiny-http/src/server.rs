use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use transom::adapter::{Listener, bind, bound_features};
use transom::features::{
    MaxRequestBodySize, RequestedAddresses, Scheme, ServerInfo, ServerLimit, ServerLimits,
};
use transom::{Application, BoundServer, Error, Features, Server, Shutdown};

use crate::engine::Engine;
use crate::serve::serve;

/// A server on tiny_http, before it is bound.
///
/// ```
/// use std::time::Duration;
/// use transom::{BoundServer, Server, features::ServerInfo};
/// use transom_tiny_http::TinyHttpServer;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = TinyHttpServer::new("http://127.0.0.1:0")
///     .with_threads(8)
///     .with_read_timeout(Duration::from_secs(2));
/// let bound = server.bind().await?;
/// assert_eq!(bound.features().require::<ServerInfo>()?.name(), "tiny_http");
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TinyHttpServer {
    requested: RequestedAddresses,
    options: Options,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) threads: usize,
    pub(crate) read_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) max_request_body_size: Option<Option<u64>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: TinyHttpServer::THREADS,
            read_timeout: TinyHttpServer::READ_TIMEOUT,
            write_timeout: TinyHttpServer::WRITE_TIMEOUT,
            max_request_body_size: None,
        }
    }
}

impl TinyHttpServer {
    /// How many requests run at a time, as long as nobody says otherwise.
    pub const THREADS: usize = 64;
    /// How long a silent connection is waited for, as long as nobody says otherwise.
    pub const READ_TIMEOUT: Duration = Duration::from_secs(5);
    /// How long a client may take nothing, as long as nobody says otherwise.
    pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

    /// Returns a server for the addresses of a list separated by `;`. A malformed one is an error of
    /// `bind`.
    pub fn new(addresses: &str) -> Self {
        Self {
            requested: RequestedAddresses::parse(addresses),
            ..Self::default()
        }
    }

    /// Adds the addresses of a list separated by `;`.
    #[must_use]
    pub fn with_address(mut self, addresses: &str) -> Self {
        self.requested.add(addresses);
        self
    }

    /// Sets how many requests run at a time; 1 for 0. Further ones wait in tiny_http's queue. Upgraded
    /// connections do not count. [`THREADS`](Self::THREADS) by default.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.options.threads = NonZeroUsize::new(threads).map_or(1, NonZeroUsize::get);
        self
    }

    /// Sets how long a connection may be silent where the client is to speak: between requests, in a head,
    /// in a chunked body. It is also how long a connection outlives an aborted request, and a stop, as it
    /// is the one thing by which tiny_http closes a connection by itself. At least 100 ms;
    /// [`READ_TIMEOUT`](Self::READ_TIMEOUT) by default.
    ///
    /// It is a property of TCP sockets that accepted ones inherit; unix sockets do not.
    #[doc(alias = "KeepAliveTimeout")]
    #[must_use]
    pub fn with_read_timeout(mut self, timeout: Duration) -> Self {
        self.options.read_timeout = timeout.max(Duration::from_millis(100));
        self
    }

    /// Sets how long a client may take nothing of a response before it is given up. At least 100 ms;
    /// [`WRITE_TIMEOUT`](Self::WRITE_TIMEOUT) by default. TCP alone, like the read timeout.
    #[must_use]
    pub fn with_write_timeout(mut self, timeout: Duration) -> Self {
        self.options.write_timeout = timeout.max(Duration::from_millis(100));
        self
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length up to 1 GiB, past which
    /// tiny_http cannot be trusted with the announcement. 30,000,000 by default.
    #[must_use]
    pub fn with_max_request_body_size(mut self, limit: Option<u64>) -> Self {
        self.options.max_request_body_size = Some(limit);
        self
    }
}

impl Server for TinyHttpServer {
    type Bound = BoundTinyHttpServer;

    async fn bind(mut self) -> Result<Self::Bound, Error> {
        let requested = self.requested.take()?;
        if let Some(secure) = requested
            .iter()
            .find(|address| address.scheme() != Scheme::Http)
        {
            return Err(Error::configuration(format!(
                "`{secure}`: this server speaks no TLS; write it with `http://`"
            )));
        }
        let mut listeners = bind(&requested)?;
        let mut engines = Vec::with_capacity(listeners.len());
        for listener in &mut listeners {
            if let Some(socket) = listener.take_socket() {
                // Now, and not when it serves: a connection that comes before inherits as well.
                let engine = Engine::new(socket, &self.options)
                    .map_err(|error| Error::bind(listener.address(), error))?;
                engines.push(Arc::new(engine));
            }
        }
        let info = ServerInfo::new("tiny_http", "0.12.0")
            .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let mut features = bound_features(info, requested, &listeners);
        let body = self.options.max_request_body_size;
        let body = body.unwrap_or(Some(MaxRequestBodySize::DEFAULT));
        features.insert(ServerLimits::new([
            ServerLimit::bytes("max_request_body_size", body),
            ServerLimit::time("read_timeout", self.options.read_timeout),
            ServerLimit::time("write_timeout", self.options.write_timeout),
        ]));
        Ok(BoundTinyHttpServer {
            listeners,
            engines,
            features,
            options: self.options,
        })
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        Some(&mut self.requested)
    }
}

/// A server on tiny_http that holds its addresses. The engine starts with `serve`.
pub struct BoundTinyHttpServer {
    /// What is left of them removes the files of unix sockets.
    pub(crate) listeners: Vec<Listener>,
    pub(crate) engines: Vec<Arc<Engine>>,
    pub(crate) features: Features,
    pub(crate) options: Options,
}

impl BoundServer for BoundTinyHttpServer {
    fn features(&self) -> &Features {
        &self.features
    }

    fn serve<A: Application>(
        self,
        app: A,
        shutdown: Shutdown,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        serve(self, app, shutdown)
    }
}

impl fmt::Debug for BoundTinyHttpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundTinyHttpServer")
            .field("listeners", &self.listeners)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
