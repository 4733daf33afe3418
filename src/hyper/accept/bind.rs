//! An endpoint gets its sockets.

use std::fmt;
use std::io;

use super::listener::AnySocket;
#[cfg(unix)]
use crate::adapter::inherited;
use crate::adapter::{Listener, Socket, SocketOptions, bind_with};
use crate::contract::Error;
use crate::features::{AddressHost, Scheme, ServerAddress};
#[cfg(feature = "http3")]
use crate::hyper::http3;
use crate::hyper::memory::MemoryConnector;
use crate::hyper::options::{Endpoint, EndpointOptions, Protocols, Source};
#[cfg(feature = "tls")]
use crate::hyper::tls::Tls;

/// An endpoint that holds its sockets.
#[derive(Debug)]
pub(in crate::hyper) struct BoundEndpoint {
    pub(in crate::hyper) name: Option<String>,
    /// What was asked for; a listener that was handed over was not.
    pub(in crate::hyper) requested: Option<Site>,
    /// What is left of the listeners when their sockets are taken: their addresses, and the files of unix
    /// sockets.
    pub(in crate::hyper) listeners: Vec<Listener>,
    /// For each worker the sockets that it accepts from.
    pub(in crate::hyper) sockets: Vec<Vec<AnySocket>>,
    pub(in crate::hyper) options: EndpointOptions,
}

/// Where and how an endpoint listens. Sockets of one site can be taken over by another endpoint there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hyper) enum Site {
    Address(ServerAddress, SocketOptions, Quic),
    /// Sockets of the process, by name or all of them.
    #[cfg(unix)]
    Inherited(Option<String>),
}

/// Whether an endpoint has sockets of UDP, for HTTP/3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hyper) enum Quic {
    No,
    Beside,
    Alone,
}

impl Quic {
    fn of(protocols: Protocols) -> Self {
        match protocols.contains(Protocols::HTTP3) {
            false => Self::No,
            true if protocols == Protocols::HTTP3 => Self::Alone,
            true => Self::Beside,
        }
    }
}

/// Binds endpoints, with what a server gives each of them.
#[derive(Debug)]
pub(in crate::hyper) struct Binder {
    /// How many accept connections, each from sockets of its own.
    pub(in crate::hyper) workers: usize,
    /// Where endpoints in memory are to be found.
    pub(in crate::hyper) memory: MemoryConnector,
    /// For `https` without TLS of its own.
    #[cfg(feature = "tls")]
    pub(in crate::hyper) tls: Option<Tls>,
}

/// An endpoint that was found to be right as far as that can be without binding it.
pub(in crate::hyper) struct Prepared {
    pub(in crate::hyper) name: Option<String>,
    pub(in crate::hyper) site: Option<Site>,
    pub(in crate::hyper) options: EndpointOptions,
    source: Source,
    scheme: Scheme,
}

impl Binder {
    /// Checks an endpoint, and completes its options.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: the address is malformed, or does not go with the options.
    pub(in crate::hyper) fn prepare(&self, endpoint: Endpoint) -> Result<Prepared, Error> {
        let name = endpoint.name.clone();
        self.complete(endpoint).map_err(|error| match name {
            Some(name) => Error::configuration(format!("the endpoint `{name}`: {error}")),
            None => error,
        })
    }

    fn complete(&self, endpoint: Endpoint) -> Result<Prepared, Error> {
        let Endpoint {
            source,
            name,
            socket,
            options,
        } = endpoint;
        if let Some(trust) = &options.proxy_protocol {
            trust.check()?;
        }
        let handed_over = !matches!(source, Source::Address(_));
        if handed_over && options.protocols.contains(Protocols::HTTP3) {
            return Err(Error::configuration(
                "a listener that was handed over cannot speak HTTP/3, which needs a socket of its own; give the \
                 endpoint an address",
            ));
        }
        let (site, options) = match &source {
            Source::Address(address) => {
                let address: ServerAddress = address
                    .parse()
                    .map_err(|error| Error::configuration(format!("{error}")))?;
                if address.memory_name().is_some() && options.protocols.contains(Protocols::HTTP3) {
                    return Err(Error::configuration(format!(
                        "`{address}` cannot speak HTTP/3, which needs a socket of UDP; leave it out of its protocols"
                    )));
                }
                let options = self.secure(&address, options)?;
                let quic = Quic::of(options.protocols);
                (Some(Site::Address(address, socket, quic)), options)
            }
            #[cfg(unix)]
            Source::Inherited(name) => (Some(Site::Inherited(name.clone())), options),
            _ => (None, options),
        };
        check_quic(&options)?;
        Ok(Prepared {
            name,
            site,
            scheme: scheme_of(&options)?,
            options,
            source,
        })
    }

    /// Binds an endpoint.
    ///
    /// # Errors
    ///
    /// As [`bind_with`].
    pub(in crate::hyper) fn bind(&self, prepared: Prepared) -> Result<BoundEndpoint, Error> {
        let name = prepared.name.clone();
        self.bind_unnamed(prepared).map_err(|error| match name {
            Some(name) if error.is_bind() => Error::bind(format!("the endpoint `{name}`"), error),
            Some(name) => Error::configuration(format!("the endpoint `{name}`: {error}")),
            None => error,
        })
    }

    fn bind_unnamed(&self, prepared: Prepared) -> Result<BoundEndpoint, Error> {
        let workers = self.workers;
        let (listeners, sockets) = match (&prepared.site, prepared.source) {
            (Some(Site::Address(address, socket, quic)), _) => match address.host() {
                AddressHost::Memory(name) => (
                    vec![Listener::without_socket(address.clone())],
                    self.in_memory(address, name, socket)?,
                ),
                _ => of_system(at_address(address, socket, *quic, workers)?),
            },
            #[cfg(unix)]
            (Some(Site::Inherited(name)), _) => {
                let mut listeners = inherited(name.as_deref(), prepared.scheme)?;
                let sockets = clones(&mut listeners, workers);
                let sockets = sockets.map_err(|error| Error::bind("inherited sockets", error))?;
                of_system((listeners, sockets))
            }
            (None, Source::Tcp(listener)) => {
                let listener = Listener::from_tcp(prepared.scheme, listener);
                of_system(handed_over(
                    "the TCP listener handed over",
                    listener,
                    workers,
                )?)
            }
            #[cfg(unix)]
            (None, Source::Unix(listener)) => {
                let listener = Listener::from_unix(prepared.scheme, listener);
                of_system(handed_over(
                    "the unix listener handed over",
                    listener,
                    workers,
                )?)
            }
            // These have a site.
            (None, _) => (Vec::new(), Vec::new()),
        };
        Ok(BoundEndpoint {
            name: prepared.name,
            requested: prepared.site,
            listeners,
            sockets,
            options: prepared.options,
        })
    }

    /// Opens an endpoint in memory, for each worker.
    fn in_memory(
        &self,
        address: &ServerAddress,
        name: &str,
        options: &SocketOptions,
    ) -> Result<Vec<Vec<AnySocket>>, Error> {
        if let Some(option) = options.of_tcp().or_else(|| options.of_a_file()) {
            return Err(Error::configuration(format!(
                "`{address}` has no socket that could have the option `{option}`"
            )));
        }
        let buffers = (options.receive_buffer, options.send_buffer);
        let listeners = self
            .memory
            .bind(name, options.backlog, buffers, self.workers);
        let listeners = listeners.map_err(|error| Error::bind(address, error))?;
        Ok(listeners
            .into_iter()
            .map(|listener| vec![AnySocket::Memory(listener)])
            .collect())
    }
}

#[cfg(feature = "tls")]
impl Binder {
    /// Returns the options of an address with the TLS that its scheme asks for.
    ///
    /// # Errors
    ///
    /// There is none, or the scheme does not go with it.
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
                 address (`Endpoint::with_tls`); for development, the feature `dev-certs` makes one \
                 (`DevelopmentCertificate`)"
            )));
        }
        Ok(options)
    }
}

#[cfg(not(feature = "tls"))]
impl Binder {
    #[allow(clippy::unused_self, reason = "it has TLS with the feature `tls`")]
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

impl BoundEndpoint {
    /// What the log calls it.
    pub(in crate::hyper) fn label(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => List(&self.listeners).to_string(),
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

/// Binds an address, which may be several sockets for each worker.
fn at_address(
    address: &ServerAddress,
    socket: &SocketOptions,
    quic: Quic,
    workers: usize,
) -> Result<(Vec<Listener>, Vec<Vec<Socket>>), Error> {
    let shares = shares_ports() && workers > 1 && address.port().is_some();
    if !shares && workers > 1 && quic != Quic::No {
        // QUIC finds its connections by what is in the packets, which one of several handles would get at random.
        return Err(Error::configuration(format!(
            "`{address}` cannot speak HTTP/3 on several threads, which only Linux can do; serve on one thread \
             (`HyperServer::with_threads`), or leave HTTP/3 out of its protocols"
        )));
    }
    let options = socket.clone();
    let options = if shares {
        options.with_reuse_port(true)
    } else {
        options
    };
    let mut listeners = sockets_at(address, &options, quic, shares)?;
    if !shares {
        let sockets = clones(&mut listeners, workers);
        return match sockets {
            Ok(sockets) => Ok((listeners, sockets)),
            Err(error) => Err(Error::bind(address, error)),
        };
    }
    // The first has found the port.
    let mut addresses: Vec<_> = listeners
        .iter()
        .map(|first| first.address().clone())
        .collect();
    addresses.dedup();
    let mut sockets = vec![
        listeners
            .iter_mut()
            .filter_map(Listener::take_socket)
            .collect(),
    ];
    for _ in 1..workers {
        let mut more = Vec::new();
        for address in &addresses {
            more.extend(sockets_at(address, &options, quic, shares)?);
        }
        sockets.push(more.iter_mut().filter_map(Listener::take_socket).collect());
    }
    Ok((listeners, sockets))
}

#[cfg(feature = "http3")]
fn sockets_at(
    address: &ServerAddress,
    options: &SocketOptions,
    quic: Quic,
    shared: bool,
) -> Result<Vec<Listener>, Error> {
    match quic {
        Quic::No => bind_with(std::slice::from_ref(address), options),
        Quic::Beside => http3::bind(address, options, Protocols::HTTP1_AND_2_AND_3, shared),
        Quic::Alone => http3::bind(address, options, Protocols::HTTP3, shared),
    }
}

#[cfg(not(feature = "http3"))]
fn sockets_at(
    address: &ServerAddress,
    options: &SocketOptions,
    quic: Quic,
    _: bool,
) -> Result<Vec<Listener>, Error> {
    match quic {
        Quic::No => bind_with(std::slice::from_ref(address), options),
        Quic::Beside | Quic::Alone => Err(Error::configuration(format!(
            "`{address}` asks for HTTP/3, which this program was built without; build it with the feature \
             `http3` of `transom`"
        ))),
    }
}

/// Checks that TLS is such that QUIC can be spoken, where it shall be.
#[cfg(feature = "http3")]
fn check_quic(options: &EndpointOptions) -> Result<(), Error> {
    match &options.tls {
        Some(tls) if options.protocols.contains(Protocols::HTTP3) => tls.quic()?.config().map(drop),
        _ => Ok(()),
    }
}

#[cfg(not(feature = "http3"))]
#[allow(clippy::unnecessary_wraps, reason = "as with the feature")]
fn check_quic(_: &EndpointOptions) -> Result<(), Error> {
    Ok(())
}

/// Returns the sockets of the system as sockets.
fn of_system(
    (listeners, sockets): (Vec<Listener>, Vec<Vec<Socket>>),
) -> (Vec<Listener>, Vec<Vec<AnySocket>>) {
    let sockets = sockets.into_iter();
    let each = |sockets: Vec<Socket>| sockets.into_iter().map(AnySocket::System).collect();
    (listeners, sockets.map(each).collect())
}

fn handed_over(
    what: &str,
    listener: io::Result<Listener>,
    workers: usize,
) -> Result<(Vec<Listener>, Vec<Vec<Socket>>), Error> {
    let bound = listener.and_then(|listener| {
        let mut listeners = vec![listener];
        let sockets = clones(&mut listeners, workers)?;
        Ok((listeners, sockets))
    });
    bound.map_err(|error| Error::bind(what, error))
}

/// Returns the sockets, and handles of the same for each worker but the first.
fn clones(listeners: &mut [Listener], workers: usize) -> io::Result<Vec<Vec<Socket>>> {
    let first: Vec<_> = listeners
        .iter_mut()
        .filter_map(Listener::take_socket)
        .collect();
    let mut sockets = Vec::with_capacity(workers);
    for _ in 1..workers {
        sockets.push(
            first
                .iter()
                .map(Socket::try_clone)
                .collect::<io::Result<_>>()?,
        );
    }
    sockets.push(first);
    Ok(sockets)
}

/// Whether the system spreads connections over the sockets that share a port.
fn shares_ports() -> bool {
    cfg!(any(target_os = "linux", target_os = "android"))
}

/// The addresses of listeners.
struct List<'a>(&'a [Listener]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        for listener in self.0 {
            // Both loopbacks of `localhost` are one address.
            if last != Some(listener.address()) {
                let comma = if last.is_some() { ", " } else { "" };
                write!(f, "{comma}{}", listener.address())?;
            }
            last = Some(listener.address());
        }
        Ok(())
    }
}
