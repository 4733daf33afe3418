//! HTTP/2: agreed on by ALPN, or by prior knowledge where there is no TLS.

use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use super::streams::Streams;
use crate::contract::Application;
use crate::features::ResponseTrailers;
use crate::hyper::connection::{Arrival, Server, Stop, Transport, close, proxied, secured};
use crate::hyper::request::{InTransit, Requests, Speaks};

/// How large the header section of a request may be, as HTTP/2 counts it.
const MAX_HEADER_LIST: u32 = 32 * 1024;
/// How long a client without requests may take to see that the server goes away.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves a connection until it ends.
pub(in crate::hyper) async fn serve<A: Application>(server: Arc<Server<A>>, arrival: Arrival) {
    let Arrival {
        opened,
        place,
        mut watchdog,
        ..
    } = arrival;
    let endpoint = Arc::clone(&opened.endpoint);
    let alt_svc = opened.alt_svc();
    let min_rate = server.options.limits.min_response_rate();
    let transport = Transport::new(opened.stream, opened.ahead, None, min_rate, place);
    let connection = server.dispatcher.connection(opened.info, opened.scheme);
    let connection = proxied(connection, opened.proxy);
    let connection = secured(connection, opened.tls).with_feature(ResponseTrailers::new());
    let in_transit = InTransit::default();
    let requests = Arc::new(Requests {
        connection,
        carries: opened.carries,
        speaks: Speaks::Http2(in_transit.clone()),
        server: Arc::clone(&server),
        alt_svc,
        endpoint: opened.endpoint,
    });
    let service = service_fn(move |request| {
        let requests = Arc::clone(&requests);
        async move { requests.answer(request).await }
    });
    let streams = Streams::default();
    let mut connection = http2::Builder::new(streams.executor())
        .max_header_list_size(MAX_HEADER_LIST)
        .serve_connection(TokioIo::new(transport.clone()), service);

    let requested = pin!(endpoint.stop.requested());
    let mut stop = Stop::new(&endpoint.stop, requested);
    let mut farewell = None;
    let served = poll_fn(|cx| {
        loop {
            if let Poll::Ready(result) = Pin::new(&mut connection).poll(cx) {
                return Poll::Ready(result.is_ok());
            }
            let open = streams.reap();
            match &mut farewell {
                None => {
                    if !stop.poll(cx) {
                        return Poll::Pending;
                    }
                    Pin::new(&mut connection).graceful_shutdown();
                    farewell = Some(Box::pin(tokio::time::sleep(FAREWELL)));
                }
                Some(farewell) => {
                    // A client that never acknowledges would hold the server up.
                    if farewell.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    // The stream of a response ends when hyper has all of it, which may not be sent yet.
                    if open == 0 && in_transit.is_empty() {
                        return Poll::Ready(false);
                    }
                    farewell
                        .as_mut()
                        .reset(tokio::time::Instant::now() + FAREWELL);
                }
            }
        }
    })
    .await;
    if served {
        close(&transport, &mut watchdog, false).await;
    }
    transport.lock().close();
}
