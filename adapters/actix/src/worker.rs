//! What the connections of a worker thread share, and the service that the engine runs there.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{Extensions, HttpService, KeepAlive};
use actix_service::{ServiceFactory, ServiceFactoryExt as _, fn_service};
use bytes::Bytes;
use futures_util::FutureExt as _;
use transom::Application;
use transom::adapter::{Dispatcher, HostRuntime, UpgradeCompletion};
use transom::features::{Counted, Scheme, ServerStatistics, Upgraded};
use transom_adapter_tokio::{Socket, Stream, Upgrades};

use crate::exchange;
use crate::opening::Opening;
use crate::outgoing::Outgoing;
use crate::wire::Wire;

/// How long the engine discards what a client still sends after its answer was final. Closing at once
/// would reset the connection, and could take the answer with it.
const LINGER: Duration = Duration::from_secs(1);

/// The engine takes a client of HTTP/2 for gone that does not answer a PING in that time, by a clock that may
/// be half a second late.
const LEAST_KEEP_ALIVE: Duration = Duration::from_secs(1);

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
        let (serving, expecting) = (Rc::clone(&worker), Rc::clone(&worker));
        let opening = Arc::clone(&self.opening);
        let shutdown = opening.shutdown.clone();
        let http = HttpService::<Wire, _, Outgoing>::build()
            .keep_alive(match opening.keep_alive_timeout {
                Duration::ZERO => KeepAlive::Disabled,
                timeout => KeepAlive::Timeout(timeout.max(LEAST_KEEP_ALIVE)),
            })
            .client_request_timeout(self.hub.request_head_timeout)
            .client_disconnect_timeout(LINGER)
            .h1_write_buffer_size(self.settings.write_buffer_size)
            .h2_initial_window_size(self.settings.stream_window_size)
            .h2_initial_connection_window_size(self.settings.connection_window_size)
            .graceful_shutdown_signal(move || {
                let shutdown = shutdown.clone();
                async move { shutdown.requested().await }
            })
            .on_connect_ext(|wire: &Wire, data: &mut Extensions| wire.describe(data))
            .expect(fn_service(move |request| {
                exchange::expect(Rc::clone(&expecting), request)
            }))
            .finish::<_, Outgoing>(fn_service(move |request| {
                exchange::serve(Rc::clone(&serving), request)
            }));
        fn_service(move |stream: T| {
            let (opening, worker) = (Arc::clone(&opening), Rc::clone(&worker));
            let socket = stream.into();
            async move {
                let opened = opening.open(worker, socket, scheme).await;
                let (wire, protocol) = opened.map_err(DispatchError::Io)?;
                Ok((wire, protocol, None))
            }
        })
        .and_then(http)
    }
}
