//! HTTP/2: agreed on by ALPN, or by prior knowledge where there is no TLS.

use std::error::Error;
use std::fmt;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use h2::Reason as Code;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::Instant;

use super::guard::Violation;
use super::life::{Life, Sight, Verdict};
use super::malformed::is_malformed;
use super::streams::{StreamExecutor, Streams};
use super::wire::Wire;
use crate::adapter::Aborted;
use crate::contract::Application;
use crate::features::ResponseTrailers;
use crate::hyper::connection::{
    Arrival, InTransit, Reason, Server, Stop, Transport, close, proxied, secured,
};
use crate::hyper::options::Http2Limits;
use crate::hyper::request::{Requests, Speaks};

/// How much of a response h2 holds while its stream waits, beside one piece of 16 KiB in hyper. More makes
/// fewer turns, and costs a client nothing that never reads.
const SEND_BUFFER: usize = 64 * 1024;
/// How many streams may be reset before they were looked at.
const UNSEEN_RESETS: usize = 20;
/// How many streams of a connection may end with an error of the client's, or be refused.
const ERRORS: usize = 1024;

/// What the requests of a connection share that run beside one another.
pub(in crate::hyper) struct Multiplex {
    pub(in crate::hyper) in_transit: InTransit,
    pub(in crate::hyper) streams: StreamExecutor,
}

/// Serves a connection until it ends.
pub(in crate::hyper) async fn serve<A: Application>(server: Arc<Server<A>>, arrival: Arrival) {
    let Arrival {
        opened,
        place,
        head_deadline,
        age,
        mut watchdog,
    } = arrival;
    let endpoint = Arc::clone(&opened.endpoint);
    let alt_svc = opened.alt_svc();
    let limits = server.options.limits.clone();
    let min_rate = limits.min_response_rate();
    let transport = Transport::new(opened.stream, opened.ahead, None, min_rate, place);
    let wire = Wire::new(transport.clone());
    let in_transit = InTransit::new(min_rate);
    let streams = Streams::default();
    let info = opened.info.clone();
    let scheme = opened.scheme;
    let connection = server.dispatcher.connection(opened.info, opened.scheme);
    let connection = proxied(connection, opened.proxy);
    let requests = Arc::new(Requests {
        connection: secured(connection, opened.tls).with_feature(ResponseTrailers::new()),
        carries: opened.carries,
        speaks: Speaks::Http2(Multiplex {
            in_transit: in_transit.clone(),
            streams: streams.executor(),
        }),
        server: Arc::clone(&server),
        alt_svc,
        endpoint: opened.endpoint,
    });
    let count = Arc::new(AtomicU64::new(0));
    let service = service_fn({
        let (wire, count) = (wire.clone(), Arc::clone(&count));
        move |request| {
            let malformed = is_malformed(&request, scheme);
            match malformed {
                true => wire.charge(),
                false => _ = count.fetch_add(1, Ordering::Relaxed),
            }
            let requests = Arc::clone(&requests);
            async move {
                match malformed {
                    true => Err(Reset::Malformed(Code::PROTOCOL_ERROR.into())),
                    false => requests.answer(request).await.map_err(Reset::Aborted),
                }
            }
        }
    });
    let mut connection = Box::pin(
        builder(limits.http2(), streams.executor())
            .serve_connection(TokioIo::new(wire.clone()), service),
    );

    let requested = pin!(endpoint.stop.requested());
    let mut stop = Stop::new(&endpoint.stop, requested);
    let mut life = Life::new(&limits, head_deadline, age, Instant::now());
    let end = poll_fn(|cx| {
        loop {
            if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                return Poll::Ready(End::Of(result));
            }
            let now = Instant::now();
            let write_due = transport.lock().write_deadline();
            let sight = Sight {
                open: streams.reap(),
                is_sending: write_due.is_some() || !in_transit.is_empty(),
                requests: count.load(Ordering::Relaxed),
                open_block: wire.open_block(),
                stops: stop.poll(cx),
                due: write_due.into_iter().chain(in_transit.due(now)).min(),
            };
            match life.look(now, sight) {
                Verdict::Until(due) if watchdog.poll(cx, due).is_pending() => {
                    return Poll::Pending;
                }
                Verdict::Until(_) => {}
                Verdict::Goodbye => connection.as_mut().graceful_shutdown(),
                Verdict::Close => return Poll::Ready(End::Closed),
                Verdict::Cut(reason) => return Poll::Ready(End::Cut(reason)),
            }
        }
    })
    .await;

    // What works for the client ends before the client is told.
    drop(connection);
    drop(streams);
    let (reason, told) = match (end, wire.violation()) {
        (End::Cut(reason), _) => (Some(reason), Some(told(reason))),
        (End::Of(Err(_)), Some(violation)) => {
            let reason = match violation {
                Violation::Flood => Reason::Flood,
                _ => Reason::Protocol,
            };
            (Some(reason), Some(told_of(violation)))
        }
        (End::Of(Err(error)), None) if is_of_protocol(&error) => (Some(Reason::Protocol), None),
        (End::Of(Ok(())) | End::Closed, _) => (None, None),
        (End::Of(Err(_)), None) => return transport.lock().close(),
    };
    if let Some(reason) = reason {
        server.rejected(reason, &info);
    }
    if let Some((code, why)) = told {
        wire.go_away(code.into(), why);
    }
    // Who still reads sends WINDOW_UPDATE for what it has read, and a reset would take the rest away.
    close(&transport, &mut watchdog, true).await;
    transport.lock().close();
}

/// How a connection ended.
enum End {
    Of(hyper::Result<()>),
    /// It had been told to, and had nothing in flight.
    Closed,
    Cut(Reason),
}

fn builder(limits: &Http2Limits, streams: StreamExecutor) -> http2::Builder<StreamExecutor> {
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.max_streams())
        .header_table_size(limits.header_table_size())
        .max_frame_size(limits.max_frame_size())
        .max_header_list_size(limits.max_header_list_size())
        .initial_connection_window_size(limits.initial_connection_window_size())
        .initial_stream_window_size(limits.initial_stream_window_size())
        .keep_alive_interval(limits.keep_alive_ping_delay())
        .keep_alive_timeout(limits.keep_alive_ping_timeout())
        .max_send_buf_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(UNSEEN_RESETS)
        .max_local_error_reset_streams(ERRORS)
        .enable_connect_protocol();
    builder
}

/// What a client is told in the last GOAWAY.
type Told = (Code, &'static str);

fn told_of(violation: Violation) -> Told {
    match violation {
        Violation::Flood => (
            Code::ENHANCE_YOUR_CALM,
            "too many frames that carry neither a request nor data",
        ),
        Violation::FrameSize => (
            Code::FRAME_SIZE_ERROR,
            "a frame has a length that its type does not have",
        ),
        Violation::StreamClosed => (Code::STREAM_CLOSED, "a stream goes on behind its end"),
        Violation::WindowSize => (
            Code::FLOW_CONTROL_ERROR,
            "SETTINGS_INITIAL_WINDOW_SIZE is more than 2147483647",
        ),
    }
}

/// Returns what a client is told whose connection is cut.
fn told(reason: Reason) -> Told {
    match reason {
        Reason::RequestHeadTimeout => (
            Code::ENHANCE_YOUR_CALM,
            "the fields of a request did not come in time",
        ),
        Reason::MinResponseRate => (Code::ENHANCE_YOUR_CALM, "a response was not taken in time"),
        _ => (Code::NO_ERROR, "the connection has reached its age"),
    }
}

/// Returns whether h2 ended the connection with a GOAWAY of its own.
fn is_of_protocol(error: &hyper::Error) -> bool {
    let cause = error
        .source()
        .and_then(|cause| cause.downcast_ref::<h2::Error>());
    cause.is_some_and(|cause| cause.is_go_away() && cause.is_library())
}

/// Why a stream is reset.
#[derive(Debug)]
enum Reset {
    /// The application asked to hang up.
    Aborted(Aborted),
    /// The request is not one of HTTP/2. hyper finds the code.
    Malformed(h2::Error),
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aborted(aborted) => aborted.fmt(f),
            Self::Malformed(_) => f.write_str("the request is malformed"),
        }
    }
}

impl Error for Reset {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Aborted(_) => None,
            Self::Malformed(error) => Some(error),
        }
    }
}
