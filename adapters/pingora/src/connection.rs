//! One connection, from its first byte to its last.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::http::v1::server::HttpSession;
use pingora_core::protocols::http::v2::server::{
    H2Accept, HttpSession as Http2Session, default_h2_options, handshake,
};
use pingora_core::protocols::{Digest, Stream as EngineStream};
use pingora_core::{Error, ErrorType};
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use transom::adapter::{Connection, Dispatcher, UpgradeCompletion};
use transom::features::{Scheme, Upgraded};
use transom::{Application, Shutdown};
use transom_adapter_tokio::{Socket, Stream, Timer, Tls, Upgrades};

use crate::exchange::{self, Outcome};
use crate::link::{End, Link};
use crate::server::H2Configure;

/// How long what a client still sends is discarded after its last answer. Closing at once would reset the
/// connection, and could take the answer with it.
const LINGER: Duration = Duration::from_secs(1);

/// How many malformed requests a connection of HTTP/2 may carry; as many as the engine's own loop allows.
const MALFORMED: u32 = 32;

/// How long a client of HTTP/2 that has nothing in flight may be silent when the server stops.
const GOODBYE: Duration = Duration::from_secs(1);

/// What the connections of a server share.
pub(crate) struct Server<A> {
    pub(crate) dispatcher: Dispatcher<A>,
    pub(crate) shutdown: Shutdown,
    pub(crate) head_timeout: Duration,
    pub(crate) keep_alive_timeout: Duration,
    pub(crate) configure_h2: Option<H2Configure>,
}

impl<A: Application> Server<A> {
    /// Answers a connection that was accepted. Upgraded, it is kept in `known` to be ended with the server.
    pub(crate) async fn answer(
        self: Arc<Self>,
        socket: Socket,
        tls: Option<Tls>,
        upgrades: Upgrades,
    ) -> io::Result<()> {
        let _counted = self.dispatcher.statistics().count_connection();
        let info = socket.info();
        let mut agreed = None;
        let (stream, connection) = match tls {
            None => {
                let connection = self.dispatcher.connection(info, Scheme::Http);
                (Stream::Plain(socket), connection)
            }
            Some(tls) => {
                let Some(secured) = self.unless_stopped(tls.accept(socket)).await else {
                    return Ok(());
                };
                let (stream, tls) = secured?;
                agreed = Some(tls.protocol() == Some(b"h2"));
                let connection = self.dispatcher.connection(info, Scheme::Https);
                (stream, connection.with_feature(tls))
            }
        };
        let link = Link::new(stream);
        let beginning = timeout(self.head_timeout, link.speaks_http2());
        let Some(is_http2) = self.unless_stopped(beginning).await else {
            return Ok(());
        };
        let is_http2 = is_http2??;
        if agreed.is_some_and(|agreed| agreed != is_http2) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        match is_http2 {
            true => self.answer_http2(link, connection).await,
            false => self.answer_http1(link, &connection, &upgrades).await,
        }
    }

    /// Awaits a future; `None` if the server is asked to stop before.
    async fn unless_stopped<F: Future>(&self, future: F) -> Option<F::Output> {
        match select(pin!(self.shutdown.requested()), pin!(future)).await {
            Either::Left(_) => None,
            Either::Right((output, _)) => Some(output),
        }
    }

    async fn answer_http1(
        &self,
        link: Arc<Link>,
        connection: &Connection,
        upgrades: &Upgrades,
    ) -> io::Result<()> {
        link.collect();
        let mut stream: EngineStream = Box::new(End(Arc::clone(&link)));
        let mut ahead: Option<BytesMut> = None;
        let mut idle_timeout = self.head_timeout;
        let mut timer = Timer::default();
        let mut stop = pin!(self.shutdown.requested());
        loop {
            link.begin_head();
            let mut session = ServerSession::H1(HttpSession::new(stream));
            session.set_pipelining_enabled(true);
            session.set_read_timeout(None);
            session.set_close_on_response_before_downstream_finish(false);
            let is_ahead = ahead.is_some();
            if let Some(ahead) = ahead.take() {
                session.set_pipelined_prefix(ahead);
            }
            let reading = async {
                if !is_ahead {
                    timer.limit(after(idle_timeout), link.heard()).await?;
                }
                let reading = timer.limit(after(self.head_timeout), session.read_request());
                Some(reading.await)
            };
            // Nothing, or the time is up: there is nobody to tell.
            let Either::Right((Some(read), _)) = select(stop.as_mut(), pin!(reading)).await else {
                break;
            };
            idle_timeout = self.keep_alive_timeout;
            match read {
                Some(Ok(true)) => {}
                Some(Ok(false)) => break,
                Some(Err(error)) => {
                    reject(&mut session, &error).await;
                    linger(&link).await;
                    break;
                }
                None => {
                    let _ = session.respond_error(408).await;
                    break;
                }
            }
            let stopping = || self.shutdown.is_requested();
            let outcome = exchange::answer(
                &self.dispatcher,
                connection,
                &mut session,
                Some(&link),
                stopping,
            )
            .await;
            match outcome {
                Outcome::Answered => {}
                Outcome::Last => {
                    linger(&link).await;
                    break;
                }
                Outcome::Switches(completion) => {
                    return self.switch(session, link, completion, upgrades).await;
                }
                Outcome::Broken => break,
            }
            let Ok(Some(reusable)) = session.finish().await else {
                break;
            };
            (stream, ahead) = reusable.into_parts();
            if stopping() {
                break;
            }
        }
        Ok(())
    }

    /// Gives a connection to the application.
    async fn switch(
        &self,
        mut session: ServerSession,
        link: Arc<Link>,
        completion: UpgradeCompletion,
        upgrades: &Upgrades,
    ) -> io::Result<()> {
        // What the engine has read beyond the head.
        let mut ahead = BytesMut::new();
        while let Some(Ok(Some(bytes))) = session.read_request_body().now_or_never() {
            ahead.extend_from_slice(&bytes);
        }
        drop(session);
        link.flush().await?;
        // The engine had the only other hand on it.
        if let Some((stream, behind)) = Arc::into_inner(link).map(Link::into_parts) {
            ahead.extend_from_slice(&behind);
            let upgraded = Upgraded::from_tokio(upgrades.add(stream, ahead));
            completion.complete(upgraded, self.dispatcher.statistics());
        }
        Ok(())
    }

    async fn answer_http2(
        self: &Arc<Self>,
        link: Arc<Link>,
        connection: Connection,
    ) -> io::Result<()> {
        let connection = Arc::new(connection);
        let mut options = default_h2_options();
        if let Some(configure) = &self.configure_h2 {
            configure(&mut options);
        }
        let shaking = timeout(
            self.head_timeout,
            handshake(Box::new(End(Arc::clone(&link))), Some(options)),
        );
        let Some(engine) = self.unless_stopped(shaking).await else {
            return Ok(());
        };
        let mut engine = engine?.map_err(io::Error::other)?;
        let digest = Arc::new(Digest::default());
        let mut streams = JoinSet::new();
        let mut rejected = 0;
        let mut stopping = false;
        let mut stop = pin!(self.shutdown.requested());
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stop, if !stopping => {
                    stopping = true;
                    engine.graceful_shutdown();
                    continue;
                }
                Some(_) = streams.join_next() => continue,
                accepted = Http2Session::from_h2_conn(&mut engine, Arc::clone(&digest)) => accepted,
                // It takes the client to end a connection in good order.
                () = tokio::time::sleep(GOODBYE), if stopping && streams.is_empty() => {
                    match link.take_heard() {
                        true => continue,
                        false => break,
                    }
                }
            };
            match accepted {
                Ok(Some(H2Accept::Session(session))) => {
                    let server = Arc::clone(self);
                    let connection = Arc::clone(&connection);
                    streams.spawn(async move {
                        let mut session = ServerSession::new_http2(session);
                        let (dispatcher, never) = (&server.dispatcher, || false);
                        exchange::answer(dispatcher, &connection, &mut session, None, never).await;
                    });
                }
                Ok(Some(H2Accept::Rejected)) if rejected < MALFORMED => rejected += 1,
                Ok(None) => {
                    // In good order: the client may still have to read what was sent.
                    linger(&link).await;
                    break;
                }
                Ok(Some(H2Accept::Rejected)) | Err(_) => break,
            }
        }
        // What is not answered is so no more: its task ends with the set.
        Ok(())
    }
}

/// Returns the end of a time; nothing for one that never ends.
fn after(time: Duration) -> Option<Instant> {
    Instant::now().checked_add(time)
}

/// Answers what is no request, if there is an answer to it.
async fn reject(session: &mut ServerSession, error: &Error) {
    if *error.etype() == ErrorType::InvalidHTTPHeader {
        let _ = session.respond_error(400).await;
    }
}

/// Closes a connection after the client, which may still be sending.
async fn linger(link: &Arc<Link>) {
    let _ = End(Arc::clone(link)).shutdown().await;
    let _ = timeout(LINGER, link.discard()).await;
}
