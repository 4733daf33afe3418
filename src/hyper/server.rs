use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;

use super::BoundHyperServer;
use super::connection::Options;
use crate::adapter::{Listener, bind};
use crate::contract::{Error, Server};
use crate::features::{RequestedAddresses, Scheme, ServerAddress};

/// The default server, on hyper: HTTP/1.1 and HTTP/2 without TLS, over TCP and unix sockets.
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
#[derive(Debug)]
#[must_use = "a server does nothing until it is bound and serves"]
pub struct HyperServer {
    source: Source,
    options: Options,
}

/// Where its connections come from.
#[derive(Debug)]
enum Source {
    Requested(RequestedAddresses),
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl HyperServer {
    /// Returns a server for the addresses of a list separated by `;`. A malformed one is an error of
    /// [`bind`](Server::bind).
    pub fn new(addresses: impl AsRef<str>) -> Self {
        Self::of(Source::Requested(RequestedAddresses::parse(
            addresses.as_ref(),
        )))
    }

    /// Returns a server for a TCP listener that was made elsewhere: handed over by a service manager, say.
    pub fn from_tcp_listener(listener: TcpListener) -> Self {
        Self::of(Source::Tcp(listener))
    }

    /// As [`from_tcp_listener`](Self::from_tcp_listener), for a unix socket. Its file stays the caller's.
    #[cfg(unix)]
    pub fn from_unix_listener(listener: UnixListener) -> Self {
        Self::of(Source::Unix(listener))
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by
    /// default. An application may change it for one request
    /// ([`MaxRequestBodySize`](crate::features::MaxRequestBodySize)).
    pub fn with_max_request_body_size(mut self, limit: Option<u64>) -> Self {
        self.options.max_request_body_size = limit;
        self
    }

    /// Sets whether a client of HTTP/1 that closes its sending side still gets its answer. `true` by
    /// default; with `false` it counts as gone, and the application's future is dropped.
    pub fn with_half_close(mut self, allowed: bool) -> Self {
        self.options.half_close = allowed;
        self
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            options: Options::default(),
        }
    }
}

/// Binds [`RequestedAddresses::DEFAULT`] unless a host says otherwise.
impl Default for HyperServer {
    fn default() -> Self {
        Self::of(Source::Requested(RequestedAddresses::default()))
    }
}

impl Server for HyperServer {
    type Bound = BoundHyperServer;

    async fn bind(self) -> Result<BoundHyperServer, Error> {
        let (requested, listeners) = match self.source {
            Source::Requested(mut requested) => {
                let addresses = requested.take()?;
                if let Some(address) = addresses.iter().find(|a| a.scheme() != Scheme::Http) {
                    return Err(no_tls(address));
                }
                let listeners = bind(&addresses)?;
                (addresses, listeners)
            }
            Source::Tcp(listener) => {
                let listener = Listener::from_tcp(Scheme::Http, listener)
                    .map_err(|error| Error::bind("the TCP listener handed over", error))?;
                (Vec::new(), vec![listener])
            }
            #[cfg(unix)]
            Source::Unix(listener) => {
                let listener = Listener::from_unix(Scheme::Http, listener)
                    .map_err(|error| Error::bind("the unix listener handed over", error))?;
                (Vec::new(), vec![listener])
            }
        };
        Ok(BoundHyperServer::new(requested, listeners, self.options))
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        match &mut self.source {
            Source::Requested(requested) => Some(requested),
            _ => None,
        }
    }
}

fn no_tls(address: &ServerAddress) -> Error {
    Error::configuration(format!(
        "`{address}` asks for TLS, which this server does not have; write it with `http`, and put TLS in \
         front of the server"
    ))
}
