use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;

use transom::features::{
    RequestedAddresses, ServerAddresses, ServerInfo, ServerLimits, ServerStatistics,
};
use transom::{Application, BoundServer, Error, Features, Server, Shutdown};

use super::listening::Listening;
use super::serve::serve;
use crate::options::Options;
use crate::{Authentication, Http503Verbosity, RequestQueueMode, Timeouts, UrlPrefix};

/// A server on HTTP.sys, before it is bound.
///
/// ```
/// use transom::{BoundServer, Server, features::ServerInfo};
/// use transom_http_sys::HttpSysServer;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = HttpSysServer::new("http://127.0.0.1:0").with_accepts(8);
/// let bound = server.bind().await?;
/// assert_eq!(bound.features().require::<ServerInfo>()?.to_string(), "HTTP.sys/2.0");
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "HttpSysListener")]
#[doc(alias = "HttpSysOptions")]
#[doc(alias = "WebListener")]
#[derive(Clone, Debug, Default)]
pub struct HttpSysServer {
    requested: RequestedAddresses,
    prefixes: Vec<UrlPrefix>,
    malformed: Option<crate::UrlPrefixError>,
    options: Options,
}

impl HttpSysServer {
    /// Returns a server for the addresses of a list separated by `;`. A malformed one is an error of `bind`.
    ///
    /// They are addresses as other servers have them; see [`with_url_prefix`](Self::with_url_prefix) for all that
    /// HTTP.sys can route by.
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

    /// Adds a [`UrlPrefix`]. A malformed one is an error of `bind`.
    ///
    /// A server that has prefixes takes no addresses from its host.
    #[doc(alias = "UrlPrefixes")]
    #[must_use]
    pub fn with_url_prefix(mut self, prefix: &str) -> Self {
        match prefix.parse() {
            Ok(prefix) => self.prefixes.push(prefix),
            Err(error) => {
                self.malformed.get_or_insert(error);
            }
        }
        self
    }

    /// Sets how many requests are waited for at a time; 1 for 0. Each that comes is answered in a task of its own, so
    /// that this does not limit how many are answered. Five times the number of processors by default.
    #[doc(alias = "MaxAccepts")]
    #[must_use]
    pub fn with_accepts(mut self, accepts: usize) -> Self {
        self.options.accepts = NonZeroUsize::new(accepts).map_or(1, NonZeroUsize::get);
        self
    }

    /// Sets the name of the request queue, by which other processes find it, and whether it is made or there already.
    /// A queue without a name by default, which is made.
    ///
    /// Of a queue that is there already, who may use it, its length and what it answers when it is full are what its maker
    /// set. Timeouts, connections and authentication are of the prefixes, and of who registers them.
    #[doc(alias = "RequestQueueName")]
    #[must_use]
    pub fn with_request_queue(mut self, name: &str, mode: RequestQueueMode) -> Self {
        self.options.queue_name = Some(name.to_owned());
        self.options.queue_mode = mode;
        self
    }

    /// Sets who may use the request queue, where this server makes it: a security descriptor in
    /// [SDDL](https://learn.microsoft.com/windows/win32/secauthz/security-descriptor-string-format). The
    /// system's by default.
    ///
    /// One that cannot be read is an error of `bind`, and so is one with [`RequestQueueMode::Attach`], which makes no queue.
    ///
    /// ```
    /// use transom::Server;
    /// use transom_http_sys::HttpSysServer;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// // Administrators, and no other.
    /// let server = HttpSysServer::new("http://127.0.0.1:0");
    /// server.clone().with_queue_security_descriptor("D:(A;;GA;;;BA)").bind().await?;
    ///
    /// let error = server.with_queue_security_descriptor("everybody").bind().await.unwrap_err();
    /// assert_eq!(error.to_string(), "`everybody` is no security descriptor; one is written as `D:(A;;GA;;;BA)`");
    /// # Ok::<_, transom::Error>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "RequestQueueSecurityDescriptor")]
    #[must_use]
    pub fn with_queue_security_descriptor(mut self, sddl: &str) -> Self {
        self.options.queue_security = Some(sddl.to_owned());
        self
    }

    /// Sets how many requests may wait in the kernel; 1 for 0. 1000 by default, which is the system's.
    #[doc(alias = "RequestQueueLimit")]
    #[must_use]
    pub fn with_queue_length(mut self, requests: u32) -> Self {
        self.options.queue_length = Some(requests.max(1));
        self
    }

    /// Sets what the kernel answers when it cannot hand a request over. [`Http503Verbosity::Basic`] by default.
    #[must_use]
    pub fn with_503_verbosity(mut self, verbosity: Http503Verbosity) -> Self {
        self.options.verbosity = Some(verbosity);
        self
    }

    /// Sets how many connections there may be; `None` for any number. What the machine is set to by default.
    #[doc(alias = "MaxConnections")]
    #[must_use]
    pub fn with_max_connections(mut self, limit: Option<u32>) -> Self {
        self.options.max_connections = Some(limit);
        self
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by default.
    #[must_use]
    pub fn with_max_request_body_size(mut self, limit: Option<u64>) -> Self {
        self.options.max_request_body_size = limit;
        self
    }

    /// Sets how long the kernel waits for clients. Those of the system by default.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.options.timeouts = Some(timeouts);
        self
    }

    /// Has the kernel authenticate clients. None are by default.
    #[must_use]
    pub fn with_authentication(mut self, authentication: Authentication) -> Self {
        self.options.authentication = authentication;
        self
    }

    /// Sets whether the kernel may answer by itself with a response that is public and says how long it is fresh: that
    /// has `Cache-Control: public` and an age or an `Expires`, and neither `Set-Cookie` nor `Vary` nor `Pragma`. It may
    /// by default.
    #[doc(alias = "EnableResponseCaching")]
    #[must_use]
    pub fn with_response_caching(mut self, cached: bool) -> Self {
        self.options.response_caching = cached;
        self
    }

    /// Sets whether the kernel takes pieces of a response before the client does, as many as fit: an application that
    /// sends many small ones then waits less for a client that is far away. It costs memory of the kernel, and hides how
    /// fast the client is. It does not by default.
    ///
    /// ```
    /// use transom::{BoundServer, Server, features::ServerAddresses};
    /// use transom_http_sys::HttpSysServer;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = HttpSysServer::new("http://127.0.0.1:0").with_kernel_response_buffering(true);
    /// let bound = server.bind().await?;
    /// assert_eq!(bound.features().require::<ServerAddresses>()?.bound().len(), 1);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "EnableKernelResponseBuffering")]
    #[must_use]
    pub fn with_kernel_response_buffering(mut self, buffered: bool) -> Self {
        self.options.kernel_response_buffering = buffered;
        self
    }

    /// Sets whether requests can be handed to the queues of other processes, by [`Delegation`](crate::Delegation) and
    /// [`RequestDelegation`](crate::RequestDelegation), which are features then. What came of a body with its head is then
    /// fetched on its own, which costs a call more. They cannot by default.
    ///
    /// A system that has no delegation makes it an error of `bind`: Windows 11 and Server 2022 have it.
    ///
    /// ```
    /// use transom::{BoundServer, Server};
    /// use transom_http_sys::{Delegation, HttpSysServer};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = HttpSysServer::new("http://127.0.0.1:0").with_delegation(true);
    /// match server.bind().await {
    ///     Ok(bound) => assert!(bound.features().get::<Delegation>().is_some()),
    ///     Err(error) => assert_eq!(error.to_string(), "the HTTP.sys of this system has no delegation"),
    /// }
    /// # });
    /// # Ok::<_, std::io::Error>(())
    /// ```
    #[doc(alias = "IServerDelegationFeature")]
    #[must_use]
    pub fn with_delegation(mut self, delegated: bool) -> Self {
        self.options.delegation = delegated;
        self
    }

    fn take_prefixes(&mut self) -> Result<Vec<UrlPrefix>, Error> {
        if let Some(error) = self.malformed.take() {
            return Err(Error::configuration(error.to_string()));
        }
        let mut prefixes = std::mem::take(&mut self.prefixes);
        // Nobody asked for the default where there are prefixes.
        if prefixes.is_empty() || !self.requested.is_empty() {
            for address in self.requested.take()? {
                let prefix = UrlPrefix::try_from(&address)
                    .map_err(|error| Error::configuration(error.to_string()))?;
                prefixes.push(prefix);
            }
        }
        for (index, prefix) in prefixes.iter().enumerate() {
            if prefix.port() != 0 && prefixes[..index].contains(prefix) {
                return Err(Error::configuration(format!(
                    "the URL prefix `{prefix}` is there twice"
                )));
            }
        }
        Ok(prefixes)
    }
}

impl Server for HttpSysServer {
    type Bound = BoundHttpSysServer;

    async fn bind(mut self) -> Result<Self::Bound, Error> {
        let prefixes = self.take_prefixes()?;
        self.options.check().map_err(Error::configuration)?;
        let addresses =
            |prefixes: &[UrlPrefix]| prefixes.iter().filter_map(UrlPrefix::address).collect();
        let requested = addresses(&prefixes);
        let listening = Listening::open(prefixes, &self.options)?;
        let mut features = Features::new();
        let info = ServerInfo::new("HTTP.sys", "2.0")
            .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        features.insert(info);
        features.insert(ServerAddresses::new(
            requested,
            addresses(listening.prefixes()),
        ));
        features.insert(ServerStatistics::new());
        features.insert(ServerLimits::new(self.options.limits()));
        if self.options.delegation
            && let Some(delegation) = listening.delegation()
        {
            features.insert(delegation);
        }
        Ok(BoundHttpSysServer {
            listening,
            features,
            options: self.options,
        })
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        let own = !self.prefixes.is_empty() || self.malformed.is_some();
        (!own).then_some(&mut self.requested)
    }
}

/// A server on HTTP.sys that has its prefixes. The kernel accepts, and keeps requests until `serve` takes them.
pub struct BoundHttpSysServer {
    pub(super) listening: Listening,
    pub(super) features: Features,
    pub(super) options: Options,
}

impl BoundServer for BoundHttpSysServer {
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

impl fmt::Debug for BoundHttpSysServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundHttpSysServer")
            .field("prefixes", &self.listening.prefixes())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
