//! One connection of HTTP/2.

use std::future::{Future, poll_fn, ready};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::io::empty;
use http::request::Parts;
use http::{Method, StatusCode, header};
use tokio::task::JoinSet;
use tokio::time::Instant;
use transom::adapter::{Connection, ResponseBody, UpgradeCompletion, body_pump, upgrade_offer};
use transom::features::{ExtendedConnect, RequestExt, ResponseTrailers, Upgraded};
use transom::{Application, Body};
use transom_adapter_tokio::Timer;
use trillium_http::h2::{H2Connection, H2Transport};
use trillium_http::{Body as EngineBody, Conn};

use crate::feed::{Feed, Source as _};
use crate::head;
use crate::hub::Hub;
use crate::intake::Buffer;
use crate::outgoing::{Outgoing, Peer};
use crate::shared::{Owner, Shared, lend};
use crate::stream::{InHead, Stream};
use crate::wire::Wire;

/// How many more streams of a connection may be reset than are answered: to open streams and to reset them at once
/// costs a client next to nothing.
const PATIENCE: u32 = 200;

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Answered,
    /// By the client, by the application, or because it is wrong.
    BrokenOff,
}

/// Answers the requests of a connection.
pub(crate) async fn serve<A: Application>(
    hub: &Arc<Hub<A>>,
    connection: Connection,
    wire: &Shared<Wire>,
) {
    wire.with(|wire| wire.switched(&[]));
    let connection = Arc::new(connection.with_feature(ResponseTrailers::new()));
    let engine = H2Connection::new(Arc::clone(&hub.context));
    let mut driver = Arc::clone(&engine).run(wire.clone());
    // Whatever is left of them when the connection has ended can reach nobody.
    let mut streams = JoinSet::new();
    let mut timer = Timer::default();
    let mut idle_since = Some(Instant::now());
    let mut is_closing = false;
    let mut patience = PATIENCE;
    let mut stopping = pin!(hub.shutdown.requested());
    loop {
        let deadline = match (hub.timeouts.keep_alive, idle_since) {
            (Some(timeout), Some(since)) if !is_closing => Some(since + timeout),
            _ => None,
        };
        tokio::select! {
            next = driver.next() => match next {
                Some(Ok(conn)) => {
                    idle_since = None;
                    streams.spawn(stream(Arc::clone(hub), Arc::clone(&connection), conn));
                }
                Some(Err(_)) | None => return,
            },
            Some(ended) = streams.join_next() => {
                patience = match ended {
                    Ok(Ended::Answered) => PATIENCE.min(patience + 1),
                    _ => patience - 1,
                };
                if patience == 0 {
                    return;
                }
                if streams.is_empty() {
                    idle_since = Some(Instant::now());
                }
            }
            () = &mut stopping, if !is_closing => {
                is_closing = true;
                drop(engine.shut_down());
            }
            () = poll_fn(|cx| timer.poll(deadline, cx)) => {
                is_closing = true;
                drop(engine.shut_down());
            }
        }
    }
}

/// Answers one request.
async fn stream<A: Application>(
    hub: Arc<Hub<A>>,
    connection: Arc<Connection>,
    conn: Conn<H2Transport>,
) -> Ended {
    let mut conn = conn.map_transport(Shared::new);
    let transport = conn.transport().clone();
    // However this ends, the stream is the engine's again, to close or to reset.
    let _owner = Owner::new(transport.clone());
    let Some(mut parts) = head::request(&conn) else {
        conn.set_status(400);
        let _ = H2Connection::process_inbound(conn, ready).await;
        return Ended::BrokenOff;
    };
    let method = parts.method.clone();
    let length = length(&parts);
    let offered = (method == Method::CONNECT).then(upgrade_offer);
    let (offer, completion) = offered.unzip();
    let begun = hub.dispatcher.begin(&connection, &mut parts, offer);
    if let Some(protocol) = conn.protocol() {
        parts.features_mut().insert(ExtendedConnect::new(protocol));
    }
    let lifetime = begun.lifetime().clone();
    let mut source = InHead::new(&mut conn, method == Method::CONNECT);
    let (mut feed, body) = match method {
        Method::CONNECT => (None, Body::empty()),
        _ => {
            let mut buffer = Buffer::new(length);
            let first = at_once(source.piece(&mut buffer))
                .await
                .and_then(Result::ok);
            match first {
                Some(piece) if piece.is_empty() && !source.has_trailers() => (None, Body::empty()),
                first => {
                    let (sender, body) = body_pump(length);
                    let feed = Feed::new(sender, length).with_ahead(buffer, first);
                    (Some(feed), body)
                }
            }
        }
    };
    let outcome = {
        let mut called = pin!(begun.run(parts, body, |_, body| body));
        let mut feeding = pin!(async {
            if let Some(feed) = &mut feed {
                feed.fill(&mut source, &lifetime).await?;
            }
            poll_fn(|cx| source.poll_gone(cx, &lifetime).map(Err)).await
        });
        poll_fn(|cx| {
            if let Poll::Ready(outcome) = called.as_mut().poll(cx) {
                return Poll::Ready(outcome.ok());
            }
            let gone = feeding.as_mut().poll(cx);
            gone.map(|_: io::Result<()>| None)
        })
        .await
    };
    let Some(mut response) = outcome else {
        return Ended::BrokenOff;
    };
    let received = source.received();
    let status = response.status();
    let accepted = completion.filter(UpgradeCompletion::is_accepted);
    if let Some(completion) = accepted
        && (status == StatusCode::SWITCHING_PROTOCOLS || status.is_success())
    {
        *response.status_mut() = StatusCode::OK;
        let conn = answered(&method, response, conn);
        if H2Connection::process_inbound(conn, ready).await.is_ok() {
            let (lent, returned) = lend(transport);
            completion.complete(Upgraded::new(lent), hub.dispatcher.statistics());
            returned.await;
        }
        return Ended::Answered;
    }
    let conn = answered(&method, response, conn);
    let mut rest = Stream::new(transport, received, length);
    let mut feeding = pin!(async {
        if let Some(feed) = feed.as_mut().filter(|feed| feed.is_wanted()) {
            let _ = feed.fill(&mut rest, &lifetime).await;
        }
    });
    let mut is_fed = false;
    let sent = {
        let mut sending = pin!(H2Connection::process_inbound(conn, ready));
        poll_fn(|cx| {
            is_fed = is_fed || feeding.as_mut().poll(cx).is_ready();
            sending.as_mut().poll(cx)
        })
        .await
    };
    if sent.is_err() {
        return Ended::BrokenOff;
    }
    if !is_fed {
        feeding.await;
    }
    Ended::Answered
}

/// Polls a future once.
async fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

fn length(head: &Parts) -> Option<u64> {
    let length = head.headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

fn answered(
    method: &Method,
    response: http::Response<ResponseBody>,
    mut conn: Conn<Shared<H2Transport>>,
) -> Conn<Shared<H2Transport>> {
    let (parts, body) = response.into_parts();
    conn.set_status(head::status(parts.status));
    let unannounced = !parts.headers.contains_key(header::CONTENT_LENGTH);
    head::add_fields(conn.response_headers_mut(), &parts.headers);
    let body = match *method {
        // The engine would announce that there is nothing.
        Method::HEAD => unannounced.then(|| EngineBody::new_streaming(empty(), None)),
        _ => {
            let peer = Peer::Stream(conn.transport().clone());
            Outgoing::of(body, true, peer)
        }
    };
    if let Some(body) = body {
        conn.set_response_body(body);
    }
    conn
}
