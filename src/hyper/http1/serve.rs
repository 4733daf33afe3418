//! HTTP/1.0 and HTTP/1.1.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use http::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use super::clock::Clock;
use super::exchange::Late;
use super::{Bounds, Exchange};
use crate::contract::Application;
use crate::features::ConnectionInfo;
use crate::hyper::connection::{
    Arrival, Due, Reason, Server, Stop, Transport, Watched, close, proxied, secured, too_late,
};
use crate::hyper::request::{Http1, Requests, Speaks};

/// How much hyper reads ahead of the application, and gathers of a response, before it waits. It is more if a
/// head may be longer.
const MAX_BUFFER: usize = 64 * 1024;
/// How many fields hyper takes without an allocation for them.
const USUAL_FIELDS: usize = 100;

/// Serves a connection until it ends.
pub(in crate::hyper) async fn serve<A: Application>(server: Arc<Server<A>>, arrival: Arrival) {
    let Arrival {
        opened,
        place,
        head_deadline,
        mut age,
        mut watchdog,
    } = arrival;
    let endpoint = Arc::clone(&opened.endpoint);
    let alt_svc = opened.alt_svc();
    let limits = &server.options.limits;
    let min_rate = limits.min_response_rate();
    let bounds = Bounds::from(limits);
    let transport = Transport::new(opened.stream, opened.ahead, Some(bounds), min_rate, place);
    let exchange = Exchange::new(limits);
    let mut clock = Clock::new(limits, head_deadline);
    let requests = Requests {
        connection: secured(
            proxied(
                server.dispatcher.connection(opened.info, opened.scheme),
                opened.proxy,
            ),
            opened.tls,
        ),
        carries: opened.carries,
        speaks: Speaks::Http1(Http1 {
            exchange: exchange.clone(),
            transport: transport.clone(),
        }),
        server: Arc::clone(&server),
        alt_svc,
        endpoint: opened.endpoint,
    };
    // Boxed, and there only while there is something to do: with its buffers it takes more memory than all the
    // rest of a connection, and most connections are idle.
    let wake = || {
        let service = service_fn(|request| requests.answer(request));
        let connection = builder(bounds).serve_connection(TokioIo::new(transport.clone()), service);
        Box::new(connection.with_upgrades())
    };
    let mut awake = None;

    let requested = pin!(endpoint.stop.requested());
    let mut stop = Stop::new(&endpoint.stop, requested);
    let mut stopping = false;
    let mut drain = None;
    let end = poll_fn(|cx| {
        loop {
            if awake.is_none() && !stopping {
                match transport.lock().poll_wake(cx) {
                    Poll::Ready(true) => awake = Some(wake()),
                    Poll::Ready(false) => return Poll::Ready(End::Of(Ok(()))),
                    Poll::Pending => {}
                }
            }
            if let Some(connection) = &mut awake {
                let mut connection = Pin::new(&mut **connection);
                // A response that is on its way can still announce the end of its connection. One that is
                // idle is read first: what has arrived is answered.
                if exchange.is_in_flight() && !stopping && (age.is_reached() || stop.poll(cx)) {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                    return Poll::Ready(End::Of(result));
                }
            }
            if !stopping && (age.is_reached() || stop.poll(cx)) {
                stopping = true;
                if let Some(connection) = &mut awake {
                    Pin::new(&mut **connection).graceful_shutdown();
                    continue;
                }
            }
            if drain.is_none() {
                drain = exchange.take_unread();
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
            let in_flight = exchange.is_in_flight();
            if in_flight {
                match transport.poll_end(cx) {
                    Poll::Ready(Watched::Ended) if server.options.half_close => {
                        requests.connection.disconnect();
                    }
                    Poll::Ready(_) => return Poll::Ready(End::Broken),
                    Poll::Pending => {}
                }
                if exchange.late(cx) == Late::Unanswerable {
                    return Poll::Ready(End::Late(Reason::MinRequestBodyRate));
                }
            } else if stopping && transport.is_sent() {
                // A head that is not whole holds nobody up.
                return Poll::Ready(End::Broken);
            }
            let busy = in_flight || drain.is_some();
            let (asked_by, too_late) = clock.deadline(&exchange, busy, transport.has_begun_head());
            let may_sleep = awake.is_some() && transport.is_sent();
            let due = Due::new()
                .or(asked_by, Time::Of(too_late))
                .or(
                    transport.write_deadline(),
                    Time::Of(Reason::MinResponseRate),
                )
                .or(drain.as_ref().map(|drain| drain.deadline), Time::ToDrain)
                .or(age.deadline(), Time::ToLive)
                .or(clock.sleep().filter(|_| may_sleep), Time::ToWake);
            drop(transport);
            match due.poll(&mut watchdog, cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Time::Of(reason)) => return Poll::Ready(End::Late(reason)),
                Poll::Ready(Time::ToDrain) => {
                    drain = None;
                    exchange.give_up();
                }
                Poll::Ready(Time::ToLive) => {
                    if age.pass() {
                        return Poll::Ready(End::Late(Reason::MaxConnectionAge));
                    }
                }
                Poll::Ready(Time::ToWake) => {
                    if let Some(parts) = awake.take().and_then(|connection| connection.into_parts())
                    {
                        parts.io.inner().lock().put_back(&parts.read_buf);
                    }
                }
            }
        }
    })
    .await;

    let info = || requests.connection.features().get::<ConnectionInfo>();
    let rejected = |reason| {
        if let Some(info) = info() {
            server.rejected(reason, info);
        }
    };
    let refused = |status, detail| {
        if let Some(info) = info() {
            server.gate.ends(info.id(), Reason::InvalidRequest);
            server.refused(status, detail, info);
        }
    };
    // It was answered 408, if the application lets the error of the body decide.
    if exchange.late_body() == Late::Answerable {
        rejected(Reason::MinRequestBodyRate);
    }
    let outcome = match end {
        End::Of(Ok(())) if transport.is_upgraded() => return,
        End::Of(Ok(())) => {
            let refusal = transport.lock().refusal();
            if let Some(refusal) = &refusal {
                transport.lock().append(&refusal.to_bytes());
                refused(refusal.status(), Some(refusal.reason()));
            }
            Some(refusal.is_some() || exchange.was_left())
        }
        // hyper has answered what the guard let pass and it did not take.
        End::Of(Err(error)) if error.is_parse() => {
            refused(StatusCode::BAD_REQUEST, None);
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
        End::Late(reason) => {
            rejected(reason);
            match reason {
                Reason::RequestHeadTimeout => Some(too_late(&mut transport.lock())),
                Reason::KeepAliveTimeout => Some(false),
                _ => {
                    transport.lock().reset_on_close();
                    None
                }
            }
        }
        End::Broken => None,
    };
    if let Some(more) = outcome {
        close(&transport, &mut watchdog, more).await;
    }
    transport.lock().close();
}

/// `pipeline_flush` is off: with it hyper keeps responses back while any byte of a next request waits, and
/// gathers a body without bound. The transport gathers instead. `half_close` is on, for the end of the input
/// is watched here.
fn builder(bounds: Bounds) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .half_close(true)
        .max_header_size(bounds.longest_head())
        .max_buf_size(MAX_BUFFER.max(bounds.longest_head()));
    if bounds.max_fields() != USUAL_FIELDS {
        // To name the number that it has anyway costs hyper two allocations a request.
        builder.max_headers(bounds.max_fields());
    }
    builder
}

/// What a deadline is for.
#[derive(Clone, Copy)]
enum Time {
    /// The client must have done something.
    Of(Reason),
    /// The rest of a body must be read.
    ToDrain,
    /// The connection has reached its age.
    ToLive,
    /// There should have been something to do.
    ToWake,
}

/// How a connection ended.
enum End {
    Of(hyper::Result<()>),
    Late(Reason),
    Broken,
}
