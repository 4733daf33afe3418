//! HTTP/1.0 and HTTP/1.1.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use super::Exchange;
use super::drain::Drain;
use crate::contract::Application;
use crate::features::ConnectionInfo;
use crate::hyper::connection::{
    Arrival, Reason, Server, Stop, Transport, Watched, close, secured, too_large, too_late,
};
use crate::hyper::request::{Http1, Requests, Speaks};

/// How long the head of a request may be.
const MAX_HEAD: usize = 32 * 1024;
/// How much hyper reads ahead of the application, and gathers of a response, before it waits.
const MAX_BUFFER: usize = 64 * 1024;
/// Serves a connection until it ends.
pub(in crate::hyper) async fn serve<A: Application>(server: Arc<Server<A>>, arrival: Arrival) {
    let Arrival {
        opened,
        place,
        head_deadline,
        mut watchdog,
    } = arrival;
    let transport = Transport::new(opened.stream, opened.ahead, true, place);
    let exchange = Exchange::default();
    let requests = Requests {
        connection: secured(
            server.dispatcher.connection(opened.info, opened.scheme),
            opened.tls,
        ),
        carries: opened.carries,
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
            let deadline = head_deadline.filter(|_| !exchange.has_begun());
            if watchdog.poll(cx, deadline).is_ready() {
                return Poll::Ready(End::Late(Reason::RequestHeadTimeout));
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
        End::Late(reason) => {
            if let Some(info) = requests.connection.features().get::<ConnectionInfo>() {
                server.rejected(reason, info);
            }
            // Who has not begun a request gets no answer to it.
            Some(too_late(&mut transport.lock()))
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
    Late(Reason),
    Broken,
}
