//! What the connections of a worker thread share, and the service that the engine runs there.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use socket2::{Domain, Type};
use transom::adapter::{Dispatcher, HostRuntime, UpgradeCompletion};
use transom::features::{Scheme, ServerStatistics, Upgraded};
use transom::{Application, Shutdown};
use transom_adapter_tokio::{Stream, Tls, Upgrades};
use xitca_http::HttpServiceBuilder;
use xitca_io::net::{Stream as Accepted, TcpStream};
use xitca_service::Service;
use xitca_service::ready::ReadyService;

use crate::door;
use crate::exchange::Exchange;
use crate::link::{LINK, Link};
use crate::server::XitcaConfig;
use crate::transport::Transport;

/// What every connection of a server shares.
#[derive(Clone)]
pub(crate) struct Hub {
    pub(crate) runtime: HostRuntime,
    pub(crate) statistics: ServerStatistics,
    pub(crate) upgrades: Upgrades,
    /// The server is gone: the application is not to be called any more.
    pub(crate) closed: Arc<AtomicBool>,
}

impl Hub {
    /// Gives a connection to the application. It moves to the host's runtime: there it outlives the
    /// worker thread, and there the application reads it.
    pub(crate) fn upgrade(&self, mut stream: Stream, ahead: Bytes, completion: UpgradeCompletion) {
        let moved = self.runtime.enter(async { stream.move_here() });
        if let Some(Ok(())) = moved.now_or_never() {
            let upgraded = Upgraded::from_tokio(self.upgrades.add(stream, ahead));
            completion.complete(upgraded, &self.statistics);
        }
    }
}

/// Held by all that runs for the server on other threads; nothing is ever sent.
pub(crate) type Alive = mpsc::Sender<Infallible>;

/// What the requests of a worker thread share.
pub(crate) struct Worker<A> {
    pub(crate) dispatcher: Dispatcher<A>,
    pub(crate) hub: Hub,
    pub(crate) shutdown: Shutdown,
    head_timeout: Duration,
    _alive: Alive,
}

/// Makes the service of each worker thread.
pub(crate) struct Workers<A> {
    pub(crate) dispatcher: Dispatcher<A>,
    pub(crate) hub: Hub,
    pub(crate) shutdown: Shutdown,
    pub(crate) alive: Alive,
    pub(crate) head_timeout: Duration,
    pub(crate) config: XitcaConfig,
}

impl<A> Clone for Workers<A> {
    fn clone(&self) -> Self {
        Self {
            dispatcher: self.dispatcher.clone(),
            hub: self.hub.clone(),
            shutdown: self.shutdown.clone(),
            alive: self.alive.clone(),
            ..*self
        }
    }
}

impl<A: Application> Workers<A> {
    /// Returns the service that answers the connections of one listener on one worker thread.
    pub(crate) async fn service(
        self,
        tls: Option<Tls>,
    ) -> Result<impl ReadyService + Service<Accepted> + use<A>, Box<dyn std::fmt::Debug>> {
        let worker = Rc::new(Worker {
            dispatcher: self.dispatcher,
            hub: self.hub,
            shutdown: self.shutdown,
            head_timeout: self.head_timeout,
            _alive: self.alive,
        });
        let tickets = Rc::new(Tickets::default());
        let acceptor = || Acceptor(Rc::clone(&tickets));
        let exchange = || Ok::<_, Infallible>(Exchange(Rc::clone(&worker)));
        let http1 = HttpServiceBuilder::h1().config(self.config);
        let http1 = http1.with_tls(acceptor()).call(exchange()).await?;
        let http2 = HttpServiceBuilder::h2().config(self.config);
        let http2 = http2.with_tls(acceptor()).call(exchange()).await?;
        Ok(Connects {
            worker,
            tls,
            tickets,
            http1,
            http2,
        })
    }
}

/// Answers connections.
struct Connects<A, One, Two> {
    worker: Rc<Worker<A>>,
    tls: Option<Tls>,
    tickets: Rc<Tickets>,
    http1: One,
    http2: Two,
}

impl<A, One, Two> ReadyService for Connects<A, One, Two> {
    type Ready = ();

    async fn ready(&self) {}
}

impl<A, One, Two> Service<Accepted> for Connects<A, One, Two>
where
    A: Application,
    One: Service<(TcpStream, SocketAddr)>,
    Two: Service<(TcpStream, SocketAddr)>,
{
    type Response = ();
    type Error = io::Error;

    async fn call(&self, accepted: Accepted) -> io::Result<()> {
        let worker = &self.worker;
        let _counted = worker.hub.statistics.count_connection();
        let socket = door::taken(accepted)?;
        let info = socket.info();
        let mut stopping = pin!(worker.shutdown.requested());
        let mut agreed = None;
        let (stream, connection) = match &self.tls {
            None => {
                let connection = worker.dispatcher.connection(info, Scheme::Http);
                (Stream::Plain(socket), connection)
            }
            Some(tls) => {
                let accepting = pin!(tls.accept(socket));
                let Either::Right((secured, _)) = select(stopping.as_mut(), accepting).await else {
                    return Ok(());
                };
                let (stream, tls) = secured?;
                agreed = Some(tls.protocol() == Some(b"h2"));
                let connection = worker.dispatcher.connection(info, Scheme::Https);
                (stream, connection.with_feature(tls))
            }
        };
        let link = Link::new(worker.hub.clone(), connection, stream);
        let answering = LINK.scope(Rc::clone(&link), self.answer(&link, agreed));
        let mut answering = pin!(answering);
        std::future::poll_fn(|cx| {
            if !link.is_stopping() && stopping.as_mut().poll(cx).is_ready() {
                link.stop();
            }
            answering.as_mut().poll(cx)
        })
        .await
    }
}

impl<A, One, Two> Connects<A, One, Two>
where
    One: Service<(TcpStream, SocketAddr)>,
    Two: Service<(TcpStream, SocketAddr)>,
{
    /// `agreed` is whether the handshake of TLS chose HTTP/2.
    async fn answer(&self, link: &Link, agreed: Option<bool>) -> io::Result<()> {
        let head_timeout = self.worker.head_timeout;
        let is_http2 = tokio::time::timeout(head_timeout, link.speaks_http2()).await??;
        if agreed.is_some_and(|agreed| agreed != is_http2) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let ticket = (self.tickets.take()?, NOBODY);
        // Whatever became of the connection, it is over.
        match is_http2 {
            true => drop(self.http2.call(ticket).await),
            false => drop(self.http1.call(ticket).await),
        }
        Ok(())
    }
}

/// Stands for the address of a client, which [`Link`] knows.
const NOBODY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Streams that are connected to nothing. The engine's services take a TCP stream, which they give to their
/// acceptor before they do anything else; ours takes the connection from [`LINK`], and keeps the ticket for
/// the next.
#[derive(Default)]
struct Tickets(RefCell<Vec<TcpStream>>);

impl Tickets {
    fn take(&self) -> io::Result<TcpStream> {
        if let Some(ticket) = self.0.borrow_mut().pop() {
            return Ok(ticket);
        }
        let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        TcpStream::from_std(socket.into())
    }

    fn give_back(&self, ticket: TcpStream) {
        self.0.borrow_mut().push(ticket);
    }
}

/// What the engine has for TLS: the way from the stream that was accepted to the one to read and write.
struct Acceptor(Rc<Tickets>);

impl Service for Acceptor {
    type Response = Self;
    type Error = Infallible;

    async fn call(&self, (): ()) -> Result<Self, Infallible> {
        Ok(Self(Rc::clone(&self.0)))
    }
}

impl Service<TcpStream> for Acceptor {
    type Response = Transport;
    type Error = Infallible;

    async fn call(&self, ticket: TcpStream) -> Result<Transport, Infallible> {
        self.0.give_back(ticket);
        Ok(Transport(LINK.with(Rc::clone)))
    }
}
