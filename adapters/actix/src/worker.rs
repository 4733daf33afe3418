//! What the connections of a worker thread share, and the service that the engine runs there.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::time::Duration;

use actix_http::body::BoxBody;
use actix_http::error::DispatchError;
use actix_http::{Extensions, HttpServiceBuilder, KeepAlive, Request, Response};
use actix_service::{Service, ServiceFactory, fn_factory, fn_service};
use bytes::Bytes;
use futures_util::FutureExt as _;
use transom::Application;
use transom::adapter::{Dispatcher, HostRuntime, UpgradeCompletion};
use transom::features::{Counted, Scheme, ServerStatistics, Upgraded};
use transom_adapter_tokio::{Socket, Stream, Upgrades};

use crate::exchange;
use crate::multiplexed::Multiplexed;
use crate::opening::{Opened, Opening};
use crate::outgoing::Outgoing;
use crate::transport::Transport;

/// How long the engine discards what a client still sends after its answer was final. Closing at once
/// would reset the connection, and could take the answer with it.
const LINGER: Duration = Duration::from_secs(1);

/// The engine takes a client of HTTP/2 for gone that does not answer a PING in that time, by a clock that may
/// be half a second late.
pub(crate) const LEAST_KEEP_ALIVE: Duration = Duration::from_secs(1);

/// What every connection of a server shares.
#[derive(Clone)]
pub(crate) struct Hub {
    pub(crate) runtime: HostRuntime,
    pub(crate) statistics: ServerStatistics,
    pub(crate) upgrades: Upgrades,
    pub(crate) request_head_timeout: Duration,
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

/// A connection counts from when it was accepted until this is dropped.
pub(crate) struct Presence {
    counted: Option<Counted>,
    /// The last to be dropped: then the connection is closed, and counts no more.
    _alive: Alive,
}

impl Presence {
    pub(crate) fn new<A>(worker: &Worker<A>) -> Self {
        Self {
            counted: Some(worker.hub.statistics.count_connection()),
            _alive: worker.alive.clone(),
        }
    }

    /// The connection is the engine's no longer.
    pub(crate) fn leave(&mut self) {
        self.counted = None;
    }
}

/// What the requests of a worker thread share.
pub(crate) struct Worker<A> {
    pub(crate) dispatcher: Dispatcher<A>,
    pub(crate) hub: Hub,
    alive: Alive,
}

/// Held by all that runs for the server on other threads; nothing is ever sent.
pub(crate) type Alive = mpsc::Sender<Infallible>;

/// Makes the service of each worker thread.
pub(crate) struct Workers<A> {
    pub(crate) dispatcher: Dispatcher<A>,
    pub(crate) hub: Hub,
    pub(crate) alive: Alive,
    pub(crate) opening: Arc<Opening>,
    pub(crate) settings: Settings,
}

/// What there is to set of the engine.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) write_buffer_size: usize,
    pub(crate) stream_window_size: u32,
    pub(crate) connection_window_size: u32,
}

impl<A> Clone for Workers<A> {
    fn clone(&self) -> Self {
        Self {
            dispatcher: self.dispatcher.clone(),
            hub: self.hub.clone(),
            alive: self.alive.clone(),
            opening: Arc::clone(&self.opening),
            settings: self.settings,
        }
    }
}

impl<A: Application> Workers<A> {
    /// Returns the service that answers the connections of one listener on one worker thread.
    pub(crate) fn service<T: Into<Socket> + 'static>(
        &self,
        scheme: Scheme,
    ) -> impl ServiceFactory<T, Config = (), Response = (), Error = DispatchError, InitError = ()>
    + use<T, A> {
        let worker = Rc::new(Worker {
            dispatcher: self.dispatcher.clone(),
            hub: self.hub.clone(),
            alive: self.alive.clone(),
        });
        let opening = Arc::clone(&self.opening);
        let (http1, http2) = (self.http1(&worker), self.http2(&worker));
        fn_factory(move || {
            let (opening, worker) = (Arc::clone(&opening), Rc::clone(&worker));
            let (http1, http2) = (http1.new_service(()), http2.new_service(()));
            async move {
                let (http1, http2) = (Rc::new(http1.await?), Rc::new(http2.await?));
                Ok(fn_service(move |stream: T| {
                    let (opening, worker) = (Arc::clone(&opening), Rc::clone(&worker));
                    let (http1, http2) = (Rc::clone(&http1), Rc::clone(&http2));
                    let socket = stream.into();
                    async move {
                        let opened = opening.open(worker, socket, scheme).await;
                        match opened.map_err(DispatchError::Io)? {
                            Opened::Http1(transport) => http1.call((transport, None)).await,
                            Opened::Http2(multiplexed) => http2.call((multiplexed, None)).await,
                        }
                    }
                }))
            }
        })
    }

    /// Returns the engine's service for connections of HTTP/1. How long they may be idle is the adapter's to see: the
    /// engine would arm a timer with each request.
    fn http1(&self, worker: &Rc<Worker<A>>) -> impl Http<Transport> + use<A> {
        let (serving, expecting) = (Rc::clone(worker), Rc::clone(worker));
        let keep_alive = match self.opening.keep_alive_timeout {
            Duration::ZERO => KeepAlive::Disabled,
            _ => KeepAlive::Os,
        };
        self.engine(keep_alive)
            .h1_write_buffer_size(self.settings.write_buffer_size)
            .on_connect_ext(|transport: &Transport, data: &mut Extensions| {
                data.insert(Rc::clone(transport.link()));
            })
            .expect(fn_service(move |request| {
                exchange::expect(Rc::clone(&expecting), request)
            }))
            .h1::<_, Outgoing>(fn_service(move |request| {
                exchange::serve(Rc::clone(&serving), request)
            }))
    }

    /// Returns the engine's service for connections of HTTP/2.
    fn http2(&self, worker: &Rc<Worker<A>>) -> impl Http<Multiplexed> + use<A> {
        let serving = Rc::clone(worker);
        let keep_alive = match self.opening.keep_alive_timeout {
            Duration::ZERO => KeepAlive::Disabled,
            timeout => KeepAlive::Timeout(timeout.max(LEAST_KEEP_ALIVE)),
        };
        self.engine(keep_alive)
            .h2_initial_window_size(self.settings.stream_window_size)
            .h2_initial_connection_window_size(self.settings.connection_window_size)
            .on_connect_ext(|multiplexed: &Multiplexed, data: &mut Extensions| {
                data.insert(Rc::clone(multiplexed.streams()));
            })
            .h2::<_, Outgoing>(fn_service(move |request| {
                exchange::serve_stream(Rc::clone(&serving), request)
            }))
    }

    /// Returns what there is to set for both.
    fn engine<T, S>(&self, keep_alive: KeepAlive) -> HttpServiceBuilder<T, S>
    where
        S: ServiceFactory<Request, Config = ()>,
        S::Error: Into<Response<BoxBody>> + 'static,
        S::InitError: fmt::Debug,
        <S::Service as Service<Request>>::Future: 'static,
    {
        let shutdown = self.opening.shutdown.clone();
        HttpServiceBuilder::default()
            .keep_alive(keep_alive)
            .client_request_timeout(self.hub.request_head_timeout)
            .client_disconnect_timeout(LINGER)
            .graceful_shutdown_signal(move || {
                let shutdown = shutdown.clone();
                async move { shutdown.requested().await }
            })
    }
}

/// The engine's service for connections of one protocol.
trait Http<T>:
    ServiceFactory<
        (T, Option<SocketAddr>),
        Config = (),
        Response = (),
        Error = DispatchError,
        InitError = (),
        Service: 'static,
        Future: 'static,
    > + 'static
{
}

impl<T, S> Http<T> for S where
    S: ServiceFactory<
            (T, Option<SocketAddr>),
            Config = (),
            Response = (),
            Error = DispatchError,
            InitError = (),
            Service: 'static,
            Future: 'static,
        > + 'static
{
}
