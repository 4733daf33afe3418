//! Accepts connections and serves them, on one runtime.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_channel::{mpsc, oneshot};
use futures_core::Stream as _;
use tokio::task::JoinSet;
use tokio::time::Sleep;

use super::ServedEndpoint;
use super::acceptor::Acceptor;
use super::listener::AnySocket;
#[cfg(feature = "http3")]
use crate::adapter::Socket;
use crate::contract::Application;
use crate::hyper::connection::{self, Server};
#[cfg(feature = "http3")]
use crate::hyper::http3::{self, QuicAcceptor};
use crate::hyper::options::Limits;

/// How long the connections of an endpoint that was removed may take to end.
const DRAIN: Duration = Duration::from_secs(5);

/// What a [`Worker`] is told, in order.
pub(in crate::hyper) type Orders = mpsc::UnboundedReceiver<Order>;

/// What a [`Worker`] is told. It says when it is done.
pub(in crate::hyper) enum Order {
    /// Accept for an endpoint.
    Open {
        endpoint: Arc<ServedEndpoint>,
        sockets: Vec<AnySocket>,
        done: oneshot::Sender<io::Result<()>>,
    },
    /// Accept nothing more for an endpoint, and let its connections end.
    Close {
        endpoint: Arc<ServedEndpoint>,
        done: oneshot::Sender<()>,
    },
    /// Hold the connections that come from now on to other limits.
    Limit {
        limits: Box<Limits>,
        done: oneshot::Sender<()>,
    },
    /// As `Close`, but go on to accept from its sockets for another one.
    Replace {
        endpoint: Arc<ServedEndpoint>,
        by: Arc<ServedEndpoint>,
        done: oneshot::Sender<()>,
    },
}

/// Accepts connections and serves them, on the runtime that it runs on. Dropped, it aborts them.
pub(in crate::hyper) struct Worker<A> {
    server: Arc<Server<A>>,
    orders: Orders,
    open: Vec<Open>,
    closed: Vec<Closed>,
}

/// An endpoint that is accepted for.
struct Open {
    endpoint: Arc<ServedEndpoint>,
    acceptors: Vec<Acceptor>,
    #[cfg(feature = "http3")]
    quic: Vec<QuicAcceptor>,
    connections: JoinSet<()>,
}

/// An endpoint that is not accepted for any more.
struct Closed {
    endpoint: Arc<ServedEndpoint>,
    /// Their sockets carry what has not ended yet.
    #[cfg(feature = "http3")]
    quic: Vec<QuicAcceptor>,
    connections: JoinSet<()>,
    end: Pin<Box<Sleep>>,
}

impl<A: Application> Worker<A> {
    pub(in crate::hyper) fn new(server: Arc<Server<A>>, orders: Orders) -> Self {
        Self {
            server,
            orders,
            open: Vec::new(),
            closed: Vec::new(),
        }
    }

    /// Works until the server stops and every connection has ended. What was upgraded is not waited for.
    pub(in crate::hyper) async fn run(mut self) {
        let server = Arc::clone(&self.server);
        let mut stop = pin!(server.shutdown.requested());
        poll_fn(|cx| {
            while let Poll::Ready(Some(order)) = Pin::new(&mut self.orders).poll_next(cx) {
                self.obey(order);
            }
            for open in &mut self.open {
                open.poll(&self.server, cx);
            }
            self.closed
                .retain_mut(|closed| closed.poll(cx).is_pending());
            stop.as_mut().poll(cx)
        })
        .await;

        let Self {
            orders,
            mut open,
            mut closed,
            ..
        } = self;
        // Nobody waits for what is not done any more.
        drop(orders);
        // Closed before the connections are waited for: whoever connects now is refused.
        for open in &mut open {
            open.acceptors.clear();
            open.endpoint.stop.request();
        }
        poll_fn(|cx| {
            let mut ended = true;
            for open in &mut open {
                ended &= open.poll_end(cx).is_ready();
            }
            closed.retain_mut(|closed| closed.poll(cx).is_pending());
            match ended && closed.is_empty() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
        #[cfg(feature = "http3")]
        for acceptor in open.into_iter().flat_map(|open| open.quic) {
            acceptor.close().await;
        }
    }

    fn obey(&mut self, order: Order) {
        // Nobody waits for an order any more when the server is dropped.
        match order {
            Order::Open {
                endpoint,
                sockets,
                done,
            } => {
                let opened = Open::new(endpoint, sockets, &self.server.options.limits);
                let _ = done.send(opened.map(|open| self.open.push(open)));
            }
            Order::Close { endpoint, done } => {
                if let Some(open) = self.take(&endpoint) {
                    self.retire(open);
                }
                let _ = done.send(());
            }
            Order::Limit { limits, done } => {
                self.server = Arc::new(self.server.with_limits(*limits));
                let _ = done.send(());
            }
            Order::Replace { endpoint, by, done } => {
                if let Some(mut open) = self.take(&endpoint) {
                    let heir = open.replace(by);
                    self.retire(open);
                    self.open.push(heir);
                }
                let _ = done.send(());
            }
        }
    }

    fn take(&mut self, endpoint: &Arc<ServedEndpoint>) -> Option<Open> {
        let mut open = self.open.iter();
        let at = open.position(|open| Arc::ptr_eq(&open.endpoint, endpoint))?;
        Some(self.open.remove(at))
    }

    fn retire(&mut self, open: Open) {
        open.endpoint.stop.request();
        self.closed.push(Closed {
            endpoint: open.endpoint,
            #[cfg(feature = "http3")]
            quic: open.quic,
            connections: open.connections,
            end: Box::pin(tokio::time::sleep(DRAIN)),
        });
    }
}

impl Open {
    #[cfg_attr(not(feature = "http3"), allow(unused_variables))]
    fn new(
        endpoint: Arc<ServedEndpoint>,
        sockets: Vec<AnySocket>,
        limits: &Limits,
    ) -> io::Result<Self> {
        let mut acceptors = Vec::with_capacity(sockets.len());
        #[cfg(feature = "http3")]
        let mut quic = Vec::new();
        for socket in sockets {
            match socket {
                #[cfg(feature = "http3")]
                AnySocket::System(Socket::Udp(socket)) => {
                    quic.push(QuicAcceptor::new(socket, &endpoint, limits)?);
                }
                socket => acceptors.push(Acceptor::new(socket)?),
            }
        }
        Ok(Self {
            endpoint,
            acceptors,
            #[cfg(feature = "http3")]
            quic,
            connections: JoinSet::new(),
        })
    }

    /// Gives the sockets to another endpoint.
    fn replace(&mut self, by: Arc<ServedEndpoint>) -> Self {
        Self {
            endpoint: by,
            acceptors: std::mem::take(&mut self.acceptors),
            #[cfg(feature = "http3")]
            quic: std::mem::take(&mut self.quic),
            connections: JoinSet::new(),
        }
    }

    /// Ready when all connections have ended. Who comes meanwhile is refused.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        #[cfg(feature = "http3")]
        for acceptor in &mut self.quic {
            acceptor.refuse(&self.endpoint, cx);
        }
        while let Poll::Ready(Some(_)) = self.connections.poll_join_next(cx) {}
        match self.connections.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    fn poll<A: Application>(&mut self, server: &Arc<Server<A>>, cx: &mut Context<'_>) {
        for acceptor in &mut self.acceptors {
            acceptor.poll(&self.endpoint, cx, |accepted| {
                if let Some(place) =
                    server.admit(&accepted.info, self.endpoint.is_of_proxy(&accepted.info))
                {
                    let server = Arc::clone(server);
                    self.connections
                        .spawn(connection::serve(server, accepted, place));
                }
            });
        }
        #[cfg(feature = "http3")]
        for acceptor in &mut self.quic {
            acceptor.poll(&self.endpoint, cx, |arrival| {
                match server.admit(&arrival.info, false) {
                    Some(place) => {
                        let server = Arc::clone(server);
                        self.connections.spawn(http3::serve(server, arrival, place));
                    }
                    None => arrival.refuse(),
                }
            });
        }
        // After the new ones are in, so that their end wakes this too.
        while let Poll::Ready(Some(_)) = self.connections.poll_join_next(cx) {}
    }
}

impl Closed {
    /// Ready when its connections have ended, or were aborted.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        #[cfg(feature = "http3")]
        for acceptor in &mut self.quic {
            acceptor.refuse(&self.endpoint, cx);
        }
        while let Poll::Ready(Some(_)) = self.connections.poll_join_next(cx) {}
        if self.connections.is_empty() && self.endpoint.upgraded.is_empty() {
            return Poll::Ready(());
        }
        if self.end.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        tracing::warn!(
            target: "transom",
            endpoint = self.endpoint.label,
            connections = self.connections.len(),
            "connections of an endpoint that was removed did not end in time, and are aborted"
        );
        self.endpoint.upgraded.abort();
        Poll::Ready(())
    }
}
