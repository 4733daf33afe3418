use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;

use super::BoundHyperServer;
use super::accept::{Binder, BoundEndpoint, check_name};
#[cfg(feature = "configuration")]
use super::configuration::{Follower, HyperConfiguration};
use super::memory::MemoryConnector;
use super::observe::{Rejection, RejectionHook};
use super::options::{Endpoint, Limits, Options};
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::contract::{Error, Server};
use crate::features::RequestedAddresses;

/// The default server, on hyper: HTTP/1.1 and HTTP/2, over TCP and unix sockets.
///
/// ```
/// use transom::{BoundServer, HyperServer, Server, features::ServerAddresses};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = HyperServer::new("http://127.0.0.1:0; http://[::1]:0").with_max_request_body_size(None);
/// let bound = server.bind().await?;
/// assert_eq!(bound.features().require::<ServerAddresses>()?.bound().len(), 2);
///
/// let error = HyperServer::new("127.0.0.1:0").bind().await.unwrap_err();
/// assert!(error.to_string().ends_with("write it like `http://127.0.0.1:0`"));
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "Kestrel")]
#[derive(Debug, Default)]
#[must_use = "a server does nothing until it is bound and serves"]
pub struct HyperServer {
    requested: RequestedAddresses,
    endpoints: Vec<Endpoint>,
    options: Options,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    #[cfg(feature = "configuration")]
    configuration: Option<HyperConfiguration>,
}

impl HyperServer {
    /// Returns a server for the addresses of a list separated by `;`. A malformed one is an error of
    /// [`bind`](Server::bind). [`default`](Self::default) binds [`RequestedAddresses::DEFAULT`] unless a
    /// host says otherwise, or there is an endpoint.
    pub fn new(addresses: impl AsRef<str>) -> Self {
        Self {
            requested: RequestedAddresses::parse(addresses.as_ref()),
            ..Self::default()
        }
    }

    /// Returns a server for a TCP listener that was made elsewhere: handed over by a service manager, say.
    pub fn from_tcp_listener(listener: TcpListener) -> Self {
        Self::default().with_endpoint(Endpoint::from_tcp_listener(listener))
    }

    /// As [`from_tcp_listener`](Self::from_tcp_listener), for a unix socket. Its file stays the caller's.
    #[cfg(unix)]
    pub fn from_unix_listener(listener: UnixListener) -> Self {
        Self::default().with_endpoint(Endpoint::from_unix_listener(listener))
    }

    /// Returns a server for all sockets that the process got from whoever started it (systemd's socket
    /// activation); see [`Endpoint::inherited`]. That there is none is an error of [`bind`](Server::bind).
    #[cfg(unix)]
    #[doc(alias = "UseSystemd")]
    pub fn from_environment() -> Self {
        Self::default().with_endpoint(Endpoint::from_environment())
    }

    /// Adds a place to listen at, with options of its own.
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// Sets how to speak TLS at `https` addresses that have no [`Tls`] of their own
    /// ([`Endpoint::with_tls`]).
    ///
    /// ```no_run
    /// use transom::HyperServer;
    /// use transom::hyper::tls::Certificate;
    ///
    /// let server = HyperServer::new("http://[::]:80; https://[::]:443")
    ///     .with_tls(Certificate::from_pem_files("fullchain.pem", "privkey.pem"));
    /// ```
    #[cfg(feature = "tls")]
    #[doc(alias = "UseHttps")]
    #[doc(alias = "ConfigureHttpsDefaults")]
    pub fn with_tls(mut self, tls: impl Into<Tls>) -> Self {
        self.tls = Some(tls.into());
        self
    }

    /// Adds what whoever runs the program says: endpoints beside those of the program, and limits over its
    /// own. In whatever order this is called: what the program sets is a default.
    ///
    /// ```
    /// use transom::features::ServerAddresses;
    /// use transom::hyper::HyperConfiguration;
    /// use transom::{BoundServer, HyperServer, Server};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let file = "[hyper.endpoints.admin]\nurl = 'http://127.0.0.1:0'";
    /// let server = HyperServer::default().with_configuration(HyperConfiguration::from_toml_str(file)?);
    /// let bound = server.bind().await?;
    /// assert_eq!(bound.features().require::<ServerAddresses>()?.bound().len(), 1);
    /// # Ok::<_, transom::Error>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "configuration")]
    #[doc(alias = "Configure")]
    pub fn with_configuration(mut self, configuration: HyperConfiguration) -> Self {
        self.configuration = Some(configuration);
        self
    }

    /// Sets what clients may take.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by
    /// default. An application may change it for one request
    /// ([`MaxRequestBodySize`](crate::features::MaxRequestBodySize)).
    pub fn with_max_request_body_size(mut self, limit: Option<u64>) -> Self {
        self.options.limits = self.options.limits.with_max_request_body_size(limit);
        self
    }

    /// Sets that the server works on threads of its own, each with a runtime of one thread and, where the
    /// system spreads connections over sockets (Linux), with sockets of its own. By default it works on the
    /// runtime that it is served on.
    ///
    /// A connection stays on its thread, and so does the application while it answers: nothing is handed
    /// from core to core, but nothing is taken over from a thread that is busy either, and a call that blocks
    /// holds up every connection of its thread. What the application spawns is spawned on that thread, and
    /// ends with the server. [`available_parallelism`](std::thread::available_parallelism) tells how many
    /// cores there are.
    ///
    /// Dropping a server that serves waits, for 1 s at most, until its threads have let go.
    #[doc(alias = "ThreadCount")]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.options.threads = Some(threads);
        self
    }

    /// Sets whether a client of HTTP/1 that closes its sending side still gets its answer. `true` by
    /// default; with `false` it counts as gone, and the application's future is dropped.
    pub fn with_half_close(mut self, allowed: bool) -> Self {
        self.options.half_close = allowed;
        self
    }

    /// Sets a function that hears of every request that the server refuses by itself, and of every connection
    /// that it refuses or ends; there is an example at [`Rejection`].
    ///
    /// It is called in the middle of the server's work, and must not block: hand what it is told to a channel,
    /// say. If it panics, that is logged, and the server goes on.
    pub fn with_rejection_hook(
        mut self,
        hook: impl Fn(&Rejection) + Send + Sync + 'static,
    ) -> Self {
        self.options.rejection_hook = Some(RejectionHook::new(hook));
        self
    }
}

impl Server for HyperServer {
    type Bound = BoundHyperServer;

    async fn bind(mut self) -> Result<BoundHyperServer, Error> {
        self.options.limits.check()?;
        if self.options.threads == Some(0) {
            return Err(Error::configuration(
                "a server of 0 threads serves nobody; give it one for each core, or none of its own",
            ));
        }
        #[cfg(feature = "configuration")]
        let follower = self.configure()?;
        let mut endpoints = Vec::new();
        if !self.requested.is_empty() || self.endpoints.is_empty() {
            let requested = self.requested.take()?;
            let text = requested.iter().map(ToString::to_string);
            endpoints.extend(text.map(Endpoint::new));
        }
        endpoints.append(&mut self.endpoints);
        let binder = Binder {
            workers: self.options.workers(),
            memory: MemoryConnector::default(),
            #[cfg(feature = "tls")]
            tls: self.tls,
        };
        let mut bound: Vec<BoundEndpoint> = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            check_name(
                &endpoint,
                bound.iter().filter_map(|bound| bound.name.as_deref()),
            )?;
            bound.push(binder.bind(binder.prepare(endpoint)?)?);
        }
        let bound = BoundHyperServer::new(bound, binder, self.options);
        #[cfg(feature = "configuration")]
        let bound = bound.with_follower(follower);
        Ok(bound)
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        // As ASP.NET: endpoints replace the addresses that a host would give.
        let none = self.endpoints.is_empty();
        #[cfg(feature = "configuration")]
        let none =
            none && !(self.configuration.as_ref()).is_some_and(HyperConfiguration::has_endpoints);
        (none || !self.requested.is_empty()).then_some(&mut self.requested)
    }
}

#[cfg(feature = "configuration")]
impl HyperServer {
    /// Takes what the configuration says, and returns what follows its files.
    fn configure(&mut self) -> Result<Option<Follower>, Error> {
        let Some(configuration) = &self.configuration else {
            return Ok(None);
        };
        let (options, endpoints, follower) = configuration.begin(self.options.clone())?;
        self.options = options;
        self.endpoints.extend(endpoints);
        Ok(follower)
    }
}
