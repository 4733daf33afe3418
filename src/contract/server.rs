use std::fmt;
use std::future::Future;

use super::application::BoxFuture;
use super::{App, Application, Error, Shutdown};
use crate::features::{Features, RequestedAddresses, ServerInfo};

/// A server that is not bound yet: phase one.
///
/// A value of it holds options. [`bind`](Self::bind) turns it into a [`BoundServer`], whose features tell
/// the truth: real ports, real capabilities.
///
/// An implementor guarantees that
///
/// - after `bind`, every address is held and the features list it as it really is, port 0 resolved;
/// - a failed `bind` holds nothing, and its error names the address;
/// - nothing is served before `serve`: a client may connect, and waits;
/// - the engine's own signal handlers are off: signals belong to the host.
///
/// See `examples/09_write_an_adapter.rs` for a whole server.
#[doc(alias = "IServer")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a server",
    note = "a server implements `transom::Server`: `HyperServer`, `TestServer`, an adapter's, or a `BoxServer`"
)]
pub trait Server: Send + Sized + 'static {
    /// The server once it is bound.
    type Bound: BoundServer;

    /// Binds every address.
    ///
    /// # Errors
    ///
    /// [`Error::is_bind`] when an address is not to be had, [`Error::is_configuration`] when one is
    /// malformed or of a kind that this server does not take.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future releases what was bound.
    fn bind(self) -> impl Future<Output = Result<Self::Bound, Error>> + Send;

    /// Returns the addresses that this server is asked to bind, for a host to fill in; `None` for a
    /// server that takes none (CGI, Lambda).
    #[doc(alias = "IServerAddressesFeature")]
    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        None
    }

    /// Erases the type, so that a program can choose its server at run time.
    fn boxed(self) -> BoxServer {
        BoxServer(Box::new(self))
    }
}

/// A server that holds its addresses and serves nothing yet: phase two.
///
/// An implementor guarantees that
///
/// - each request carries [`Features`] whose parents are the connection's and the server's, with at least
///   [`ServerInfo`], [`RequestLifetime`](crate::features::RequestLifetime) and
///   [`OriginalTarget`](crate::features::OriginalTarget); what it cannot know or do is absent;
/// - bodies stream both ways, read on demand: a slow reader slows the sender;
/// - a body that the client broke off ends with an error, a body of a response that fails is never
///   made to look complete;
/// - a panic of the application is a 500 while the head is unsent, and costs at most its connection;
/// - HEAD, 1xx, 204, 205 and 304 carry no content, whatever the application returned;
/// - when `shutdown` is requested it accepts nothing new, tells idle connections to go, answers what it
///   has begun, and then returns `Ok`;
/// - it returns `Ok` unasked only if its features have [`EndsByItself`](crate::features::EndsByItself);
/// - dropping the future of `serve` aborts everything that it started, and frees the addresses;
/// - the application is not called after the future ended.
///
/// Each of them is a case of the crate `transom-conformance`.
#[doc(alias = "IServer")]
pub trait BoundServer: Send + Sized + 'static {
    /// Returns the features of the server: its addresses and whatever else it knows or can do.
    fn features(&self) -> &Features;

    /// Serves until `shutdown` is requested and everything that was begun has ended; or, with
    /// [`EndsByItself`](crate::features::EndsByItself), until there is nothing more to serve.
    ///
    /// It has no deadline of its own: a host drops the future when its patience ends.
    ///
    /// # Errors
    ///
    /// [`Error::is_serve`] when the server failed by itself. The failure of one connection is not one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts every connection at once.
    fn serve<A: Application>(
        self,
        app: A,
        shutdown: Shutdown,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Any [`Server`], its type erased: one box a start, and one a request.
///
/// ```
/// use transom::{BoxServer, HyperServer, Server, testing::TestServer};
///
/// fn choose(name: &str) -> BoxServer {
///     match name {
///         "memory" => TestServer::new().boxed(),
///         _ => HyperServer::new("http://127.0.0.1:0").boxed(),
///     }
/// }
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::{BoundServer, features::ServerInfo};
///
/// let bound = choose("memory").bind().await?;
/// assert_eq!(bound.features().require::<ServerInfo>()?.name(), "memory");
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct BoxServer(Box<dyn ErasedServer>);

impl Server for BoxServer {
    type Bound = BoxBoundServer;

    fn bind(self) -> impl Future<Output = Result<Self::Bound, Error>> + Send {
        self.0.bind()
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        self.0.requested_addresses()
    }

    fn boxed(self) -> BoxServer {
        self
    }
}

impl fmt::Debug for BoxServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoxServer({})", self.0.type_name())
    }
}

/// Any [`BoundServer`], its type erased.
pub struct BoxBoundServer(Box<dyn ErasedBoundServer>);

impl BoundServer for BoxBoundServer {
    fn features(&self) -> &Features {
        self.0.features()
    }

    fn serve<A: Application>(
        self,
        app: A,
        shutdown: Shutdown,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        self.0.serve(App::new(app), shutdown)
    }
}

impl fmt::Debug for BoxBoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.features().get::<ServerInfo>() {
            Some(server) => write!(f, "BoxBoundServer({server})"),
            None => f.write_str("BoxBoundServer"),
        }
    }
}

trait ErasedServer: Send {
    fn bind(self: Box<Self>) -> BoxFuture<Result<BoxBoundServer, Error>>;
    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses>;
    fn type_name(&self) -> &'static str;
}

impl<S: Server> ErasedServer for S {
    fn bind(self: Box<Self>) -> BoxFuture<Result<BoxBoundServer, Error>> {
        Box::pin(async move {
            let bound = Server::bind(*self).await?;
            Ok(BoxBoundServer(Box::new(bound)))
        })
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        Server::requested_addresses(self)
    }

    fn type_name(&self) -> &'static str {
        std::any::type_name::<S>()
    }
}

trait ErasedBoundServer: Send {
    fn features(&self) -> &Features;
    fn serve(self: Box<Self>, app: App, shutdown: Shutdown) -> BoxFuture<Result<(), Error>>;
}

impl<S: BoundServer> ErasedBoundServer for S {
    fn features(&self) -> &Features {
        BoundServer::features(self)
    }

    fn serve(self: Box<Self>, app: App, shutdown: Shutdown) -> BoxFuture<Result<(), Error>> {
        Box::pin(async move { BoundServer::serve(*self, app, shutdown).await })
    }
}
