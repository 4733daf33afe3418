use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use super::BoundHyperServer;
use super::bound::BoundEndpoint;
use super::options::{Endpoint, EndpointOptions, Limits, Options, Source};
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::adapter::{Listener, bind};
use crate::contract::{Error, Server};
use crate::features::{RequestedAddresses, Scheme, ServerAddress};

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

    /// Sets whether a client of HTTP/1 that closes its sending side still gets its answer. `true` by
    /// default; with `false` it counts as gone, and the application's future is dropped.
    pub fn with_half_close(mut self, allowed: bool) -> Self {
        self.options.half_close = allowed;
        self
    }
}

impl Server for HyperServer {
    type Bound = BoundHyperServer;

    async fn bind(mut self) -> Result<BoundHyperServer, Error> {
        self.options.limits.check()?;
        let mut requested = Vec::new();
        let mut bound = Vec::new();
        if !self.requested.is_empty() || self.endpoints.is_empty() {
            for address in self.requested.take()? {
                let options = self.secure(&address, EndpointOptions::default())?;
                bind_at(&address, options, &mut bound)?;
                requested.push(address);
            }
        }
        for Endpoint { source, options } in std::mem::take(&mut self.endpoints) {
            let handed_over = |listener: std::io::Result<Listener>, what, options| {
                let options = Arc::new(options);
                match listener {
                    Ok(listener) => Ok(BoundEndpoint { listener, options }),
                    Err(error) => Err(Error::bind(what, error)),
                }
            };
            match source {
                Source::Address(address) => {
                    let address: ServerAddress = address
                        .parse()
                        .map_err(|error| Error::configuration(format!("{error}")))?;
                    let options = self.secure(&address, options)?;
                    bind_at(&address, options, &mut bound)?;
                    requested.push(address);
                }
                Source::Tcp(listener) => {
                    let listener = Listener::from_tcp(scheme_of(&options)?, listener);
                    bound.push(handed_over(
                        listener,
                        "the TCP listener handed over",
                        options,
                    )?);
                }
                #[cfg(unix)]
                Source::Unix(listener) => {
                    let listener = Listener::from_unix(scheme_of(&options)?, listener);
                    bound.push(handed_over(
                        listener,
                        "the unix listener handed over",
                        options,
                    )?);
                }
            }
        }
        Ok(BoundHyperServer::new(requested, bound, self.options))
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        // As ASP.NET: endpoints replace the addresses that a host would give.
        (self.endpoints.is_empty() || !self.requested.is_empty()).then_some(&mut self.requested)
    }
}

#[cfg(feature = "tls")]
impl HyperServer {
    /// Returns the options of an address with the TLS that its scheme asks for.
    ///
    /// # Errors
    ///
    /// There is none, or it is wrong, or the scheme does not go with it.
    fn secure(
        &self,
        address: &ServerAddress,
        mut options: EndpointOptions,
    ) -> Result<EndpointOptions, Error> {
        match (address.scheme(), &options.tls) {
            (Scheme::Http, None) => return Ok(options),
            (Scheme::Http, Some(_)) => {
                return Err(Error::configuration(format!(
                    "`{address}` has TLS of its own, but is not `https`"
                )));
            }
            (Scheme::Https, None) => options.tls.clone_from(&self.tls),
            (Scheme::Https, Some(_)) => {}
        }
        if options.tls.is_none() {
            return Err(Error::configuration(format!(
                "`{address}` needs a certificate: give one to the server (`HyperServer::with_tls`) or to the \
                 address (`Endpoint::with_tls`)"
            )));
        }
        scheme_of(&options)?;
        Ok(options)
    }
}

#[cfg(not(feature = "tls"))]
impl HyperServer {
    fn secure(
        &self,
        address: &ServerAddress,
        options: EndpointOptions,
    ) -> Result<EndpointOptions, Error> {
        match address.scheme() {
            Scheme::Http => Ok(options),
            Scheme::Https => Err(Error::configuration(format!(
                "`{address}` asks for TLS, which this program was built without; build it with the feature \
                 `tls` of `transom`"
            ))),
        }
    }
}

/// Returns the scheme of an endpoint with these options, once its certificates are read.
#[cfg_attr(
    not(feature = "tls"),
    allow(clippy::unnecessary_wraps, unused_variables)
)]
fn scheme_of(options: &EndpointOptions) -> Result<Scheme, Error> {
    #[cfg(feature = "tls")]
    if let Some(tls) = &options.tls {
        tls.load()?;
        return Ok(Scheme::Https);
    }
    Ok(Scheme::Http)
}

/// Binds one address, which may be several sockets.
fn bind_at(
    address: &ServerAddress,
    options: EndpointOptions,
    bound: &mut Vec<BoundEndpoint>,
) -> Result<(), Error> {
    let options = Arc::new(options);
    for listener in bind(std::slice::from_ref(address))? {
        bound.push(BoundEndpoint {
            listener,
            options: Arc::clone(&options),
        });
    }
    Ok(())
}
