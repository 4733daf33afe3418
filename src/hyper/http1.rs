//! HTTP/1.0 and HTTP/1.1.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use http::{HeaderMap, HeaderValue, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::time::Sleep;

use super::close::{close, too_large};
use super::connection::{Server, Stop};
use super::io::Stream;
use super::service::{Http1, Requests, Speaks};
use super::transport::{Transport, Watched};
use crate::contract::Application;
use crate::features::{ConnectionInfo, Counted, Scheme};

/// How long the head of a request may be.
const MAX_HEAD: usize = 32 * 1024;
/// How much hyper reads ahead of the application, and gathers of a response, before it waits.
const MAX_BUFFER: usize = 64 * 1024;
/// How much of a body that the application left is read and dropped, so that the connection can be used
/// again.
const MAX_DRAIN: u64 = 1024 * 1024;
/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Serves a connection from which `ahead` was read.
pub(super) async fn serve<A: Application>(
    server: Arc<Server<A>>,
    stream: Stream,
    ahead: BytesMut,
    info: ConnectionInfo,
    counted: Counted,
) {
    let transport = Transport::new(stream, ahead, true, counted);
    let exchange = Exchange::default();
    let requests = Requests {
        connection: server.dispatcher.connection(info, Scheme::Http),
        speaks: Speaks::Http1(Http1 {
            exchange: exchange.clone(),
            transport: transport.clone(),
        }),
        server: Arc::clone(&server),
    };
    let service = service_fn(|request| requests.answer(request));
    // `pipeline_flush` is off: with it hyper keeps responses back while any byte of a next request waits,
    // and gathers a body without bound. The transport gathers instead. `half_close` is on, for the end of
    // the input is watched here.
    let mut connection = http1::Builder::new()
        .half_close(true)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(TokioIo::new(transport.clone()), service)
        .with_upgrades();

    let requested = pin!(server.shutdown.requested());
    let mut stop = Stop::new(&server.shutdown, requested);
    let mut stopping = false;
    let mut drain = None;
    let end = poll_fn(|cx| {
        loop {
            // A response that is on its way can still announce the end of its connection. One that is idle
            // is read first: what has arrived is answered.
            if exchange.is_in_flight() && !stopping && stop.poll(cx) {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            if let Poll::Ready(result) = Pin::new(&mut connection).poll(cx) {
                return Poll::Ready(End::Of(result));
            }
            if !stopping && stop.poll(cx) {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
                continue;
            }
            if drain.is_none() {
                drain = exchange.take_unread().map(Drain::new);
            }
            if let Some(unread) = &mut drain
                && (stopping || unread.poll(cx).is_ready())
            {
                if drain.take().is_some_and(|drain| !drain.ended) {
                    exchange.give_up();
                }
                continue;
            }
            let mut transport = transport.lock();
            if let Poll::Ready(Err(_)) = transport.poll_send(cx) {
                return Poll::Ready(End::Broken);
            }
            if exchange.is_in_flight() {
                match transport.poll_end(cx) {
                    Poll::Ready(Watched::Ended) if server.options.half_close => {
                        requests.connection.disconnect();
                    }
                    Poll::Ready(_) => return Poll::Ready(End::Broken),
                    Poll::Pending => {}
                }
            } else if stopping && transport.is_sent() {
                // A head that is not whole holds nobody up.
                return Poll::Ready(End::Broken);
            }
            return Poll::Pending;
        }
    })
    .await;

    let outcome = match end {
        End::Of(Ok(())) if transport.is_upgraded() => return,
        End::Of(Ok(())) => Some(exchange.was_left()),
        End::Of(Err(error)) if error.is_parse() => {
            if error.is_parse_too_large()
                && let Some(parts) = connection.into_parts()
            {
                too_large(&mut transport.lock(), &parts.read_buf);
            }
            Some(true)
        }
        End::Of(Err(_)) => {
            // What was gathered before is whole, or at least right as far as it goes.
            poll_fn(|cx| Poll::Ready(transport.lock().poll_send(cx).is_ready())).await;
            if exchange.ends_by_close() {
                // An orderly end would be that of the body.
                transport.lock().reset_on_close();
            }
            None
        }
        End::Broken => None,
    };
    if let Some(more) = outcome {
        close(&transport, more).await;
    }
    transport.lock().close();
}

/// How a connection ended.
enum End {
    Of(hyper::Result<()>),
    Broken,
}

/// What a connection and its requests tell each other: whether one is in flight, and what it left unread.
#[derive(Clone, Default)]
pub(super) struct Exchange(Arc<Shared>);

#[derive(Default)]
struct Shared {
    in_flight: AtomicBool,
    /// The body of the response ends where the connection does.
    ends_by_close: AtomicBool,
    /// Whether `left` has a body to read.
    unread: AtomicBool,
    left: Mutex<Left>,
}

#[derive(Default)]
struct Left {
    unread: Option<(Incoming, bool)>,
    /// The head of the response is made; it cannot announce the end of the connection any more.
    answered: bool,
    /// A body will not be read to its end.
    given_up: bool,
}

impl Exchange {
    /// Begins a request.
    pub(super) fn begin(&self, has_body: bool) -> Flight {
        self.0.in_flight.store(true, Ordering::Release);
        if has_body {
            self.left().answered = false;
        }
        Flight(self.clone())
    }

    /// Takes what the application did not read. `awaited`: the client has not begun to send it.
    pub(super) fn leave(&self, incoming: Incoming, awaited: bool) {
        let mut left = self.left();
        if left.answered {
            left.given_up = true;
        } else {
            left.unread = Some((incoming, awaited));
        }
    }

    fn is_in_flight(&self) -> bool {
        self.0.in_flight.load(Ordering::Acquire)
    }

    fn take_unread(&self) -> Option<Incoming> {
        if !self.0.unread.load(Ordering::Acquire) {
            return None;
        }
        self.0.unread.store(false, Ordering::Release);
        self.left().unread.take().map(|(incoming, _)| incoming)
    }

    /// Says that a body will not be read to its end, so that the client may still be sending it when the
    /// connection closes.
    pub(super) fn give_up(&self) {
        self.left().given_up = true;
    }

    fn ends_by_close(&self) -> bool {
        self.0.ends_by_close.load(Ordering::Acquire)
    }

    /// Returns whether the client may still be sending a body.
    fn was_left(&self) -> bool {
        self.left().given_up
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.0.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight; it has landed when this is dropped.
pub(super) struct Flight(Exchange);

impl Flight {
    /// Says that the length of the response is not known, and that it cannot be chunked.
    pub(super) fn end_by_close(&self) {
        self.0.0.ends_by_close.store(true, Ordering::Release);
    }

    /// Decides, when the response is there, what becomes of a body that was not read.
    pub(super) fn settle(&self, headers: &mut HeaderMap) {
        let mut left = self.0.left();
        left.answered = true;
        match left.unread.take() {
            None => {}
            // RFC 9110, section 10.1.1: it may come or not. And too much is not worth reading.
            Some((incoming, awaited)) if awaited || incoming.size_hint().lower() > MAX_DRAIN => {
                left.given_up = true;
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            unread => {
                left.unread = unread;
                self.0.0.unread.store(true, Ordering::Release);
            }
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.0.in_flight.store(false, Ordering::Release);
    }
}

/// Reads the rest of a body that nobody wants.
struct Drain {
    incoming: Incoming,
    left: u64,
    deadline: Pin<Box<Sleep>>,
    ended: bool,
}

impl Drain {
    fn new(incoming: Incoming) -> Self {
        Self {
            incoming,
            left: MAX_DRAIN,
            deadline: Box::pin(tokio::time::sleep(DRAIN_TIME)),
            ended: false,
        }
    }

    /// Ready when it is read, or not worth more.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            let Some(Ok(frame)) = frame else {
                self.ended = frame.is_none();
                return Poll::Ready(());
            };
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            match self.left.checked_sub(length) {
                Some(left) => self.left = left,
                None => return Poll::Ready(()),
            }
        }
        self.deadline.as_mut().poll(cx)
    }
}
