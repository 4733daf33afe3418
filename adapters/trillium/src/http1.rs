//! One connection of HTTP/1.

use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use futures_util::io::{AsyncWriteExt as _, empty};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use http_body::Body as _;
use transom::adapter::{Connection, ResponseBody, UpgradeCompletion, body_pump, upgrade_offer};
use transom::features::{RequestExt, ResponseTrailers, Upgraded};
use transom::{Application, Body};
use trillium_http::{
    Body as EngineBody, Conn, Error, KnownHeaderName, Upgrade, run_with_initial_bytes,
};

use crate::feed::{Feed, Source as _};
use crate::head::{self, Present};
use crate::hub::Hub;
use crate::outgoing::{Outgoing, Peer};
use crate::shared::{Shared, lend};
use crate::takeover::{self, Next, Takeover};
use crate::wire::Wire;

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nobody waits for anything.
    Quiet,
    /// The client may still be sending what nobody reads.
    Unread,
    /// In the middle of a response whose end is that of the connection.
    Broken,
}

/// The transport as the engine has it.
pub(crate) type Io = Shared<Wire>;

/// Answers the requests of a connection. `first` are the bytes that were read of it.
pub(crate) async fn serve<A: Application>(
    hub: &Hub<A>,
    connection: &Connection,
    wire: Io,
    first: Vec<u8>,
) -> Ended {
    let mut first = first;
    let buffer = hub.context.config().request_buffer_initial_len();
    loop {
        // A buffer that is full after each read has the engine read once more for nothing.
        first.reserve(buffer.saturating_sub(first.len()));
        let place = Place::default();
        let exchange = |conn| exchange(hub, connection, &wire, &place, conn);
        let run = run_with_initial_bytes(Arc::clone(&hub.context), wire.clone(), first, exchange);
        let taken = match until_left(hub, run, &place).await {
            Left::ByEngine(Err(Error::HeadersTooLong)) => return too_long(wire).await,
            Left::ByEngine(ended) => return place.ended(&wire, ended.is_ok()),
            Left::ToAdapter(None) => return Ended::Quiet,
            Left::ToAdapter(Some(taken)) => taken,
        };
        match takeover::answer(hub, *taken).await {
            Next::Request(read) => first = read,
            Next::Switched(completion, read) => {
                switched(hub, wire, completion, &read).await;
                return Ended::Quiet;
            }
            Next::End(ended) => return ended,
        }
    }
}

/// Where an exchange leaves what the engine is not to see.
#[derive(Default)]
struct Place(Mutex<Slot>);

#[derive(Default)]
struct Slot {
    /// An exchange that does not go back to the engine. Without an answer, its client is gone, or hung up on.
    left: Option<Option<Box<Takeover>>>,
    /// The client may still be sending the body of the last request.
    unread: bool,
    /// Nothing but the end of the connection marks the end of the last response.
    unmarked: bool,
}

impl Place {
    fn with<R>(&self, act: impl FnOnce(&mut Slot) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Never ends: whoever polls the engine finds what was left here, and drops the engine.
    async fn leave(&self, left: Option<Box<Takeover>>) -> Infallible {
        self.with(|slot| slot.left = Some(left));
        pending().await
    }

    /// Returns how the engine ended the connection.
    fn ended(&self, wire: &Io, in_order: bool) -> Ended {
        // What the engine refused is not read to its end.
        let refused = wire.with(|wire| wire.is_refused()).unwrap_or(false);
        self.with(|slot| match in_order {
            true if slot.unread || refused => Ended::Unread,
            false if slot.unmarked => Ended::Broken,
            _ => Ended::Quiet,
        })
    }
}

enum Left<T> {
    ByEngine(T),
    ToAdapter(Option<Box<Takeover>>),
}

/// Runs the engine until it ends, or an exchange is left to the adapter.
async fn until_left<A, F: Future>(hub: &Hub<A>, engine: F, place: &Place) -> Left<F::Output> {
    let mut engine = pin!(engine);
    let mut stopping = pin!(hub.shutdown.requested());
    let mut is_stopping = false;
    poll_fn(|cx| {
        // Only to be woken: whoever waits for a head then sees it.
        is_stopping = is_stopping || stopping.as_mut().poll(cx).is_ready();
        if let Poll::Ready(ended) = engine.as_mut().poll(cx) {
            return Poll::Ready(Left::ByEngine(ended));
        }
        match place.with(|slot| slot.left.take()) {
            Some(left) => Poll::Ready(Left::ToAdapter(left)),
            None => Poll::Pending,
        }
    })
    .await
}

/// Answers a head that is longer than the engine takes: it only closes the connection.
async fn too_long(mut wire: Io) -> Ended {
    const ANSWER: &[u8] =
        b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    match wire.write_all(ANSWER).await {
        Ok(()) => Ended::Unread,
        Err(_) => Ended::Quiet,
    }
}

/// Gives the connection to the application, and waits until it has done with it.
async fn switched<A: Application>(
    hub: &Hub<A>,
    wire: Io,
    completion: UpgradeCompletion,
    read: &[u8],
) {
    wire.with(|wire| wire.switched(read));
    let (lent, returned) = lend(wire);
    completion.complete(Upgraded::new(lent), hub.dispatcher.statistics());
    returned.await;
}

/// What of a request decides how it is answered.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) takes_trailers: bool,
    /// The client wants no further request on this connection.
    pub(crate) close: bool,
    /// It waits for `100 Continue` before it sends its body.
    pub(crate) expects: bool,
}

impl Asked {
    fn of(head: &Parts, present: Present) -> Self {
        let connection =
            |token| present.connection && head::lists(&head.headers, header::CONNECTION, token);
        let is_10 = head.version == Version::HTTP_10;
        Self {
            method: head.method.clone(),
            version: head.version,
            takes_trailers: !is_10
                && present.te
                && head::lists(&head.headers, header::TE, "trailers"),
            close: connection("close") || (is_10 && !connection("keep-alive")),
            expects: !is_10 && present.expect,
        }
    }
}

/// Answers one request.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` copies its arguments once more, and the engine's request is a large one"
)]
fn exchange<A: Application>(
    hub: &Hub<A>,
    connection: &Connection,
    wire: &Io,
    place: &Place,
    mut conn: Conn<Io>,
) -> impl Future<Output = Conn<Io>> {
    async move {
        wire.with(Wire::answering);
        let Some(mut parts) = head::request(&conn) else {
            refuse(&mut conn, wire, place);
            return conn;
        };
        let present = Present::of(&parts.headers);
        let asked = Asked::of(&parts, present);
        let length = length(&parts.headers, present);
        let (offer, completion) = match length {
            Some(0) if parts.method == Method::CONNECT || asks_to_upgrade(&parts, present) => {
                let (offer, completion) = upgrade_offer();
                (Some(offer), Some(completion))
            }
            _ => (None, None),
        };
        let begun = hub.dispatcher.begin(connection, &mut parts, offer);
        if asked.takes_trailers {
            parts.features_mut().insert(ResponseTrailers::new());
        }
        let lifetime = begun.lifetime().clone();
        let (mut feed, body) = match length {
            Some(0) => (None, Body::empty()),
            length => {
                let (sender, body) = body_pump(length);
                (Some(Feed::new(sender, length)), body)
            }
        };
        let outcome = {
            let mut called = pin!(begun.run(parts, body, |_, body| body));
            let mut feeding = pin!(async {
                if let Some(feed) = &mut feed {
                    feed.fill(&mut conn, &lifetime).await?;
                }
                // What follows is the next request, or the end.
                poll_fn(|cx| conn.poll_gone(cx, &lifetime).map(Err)).await
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
        let Some(response) = outcome else {
            match place.leave(None).await {}
        };
        let answer = Answer {
            asked,
            response,
            feed,
            completion,
        };
        let plan = answer.plan(hub.shutdown.is_requested());
        if plan.beside_engine {
            match place.leave(Some(answer.take_over(plan, conn))).await {}
        }
        answer.give(plan, wire, place, &mut conn);
        conn
    }
}

/// How many bytes follow the head; `None` if they come in chunks.
fn length(fields: &HeaderMap, present: Present) -> Option<u64> {
    if present.transfer_encoding {
        return None;
    }
    let length = present
        .content_length
        .then(|| fields.get(header::CONTENT_LENGTH));
    let length = length.flatten();
    Some(
        length
            .and_then(|length| length.to_str().ok()?.trim().parse().ok())
            .unwrap_or(0),
    )
}

/// Returns whether the client asks to switch to another protocol.
fn asks_to_upgrade(head: &Parts, present: Present) -> bool {
    head.version == Version::HTTP_11
        && present.upgrade
        && present.connection
        && head::lists(&head.headers, header::CONNECTION, "upgrade")
}

fn refuse(conn: &mut Conn<Io>, wire: &Io, place: &Place) {
    conn.set_status(400);
    let fields = conn.response_headers_mut();
    fields.insert(KnownHeaderName::Connection, "close");
    wire.with(Wire::answered);
    place.with(|slot| slot.unread = true);
}

/// An answer on its way out.
struct Answer {
    asked: Asked,
    response: http::Response<ResponseBody>,
    feed: Option<Feed>,
    completion: Option<UpgradeCompletion>,
}

/// How an answer is sent.
#[derive(Clone, Copy)]
struct Plan {
    /// The engine cannot send it as it is.
    beside_engine: bool,
    /// It turns the connection into something else, if that was offered.
    switches: bool,
    /// No request follows.
    close: bool,
    /// The body of the request was not read to its end.
    unread: bool,
    /// How long its body will be is not known.
    unknown_length: bool,
}

impl Answer {
    fn plan(&self, is_stopping: bool) -> Plan {
        let Self {
            asked,
            response,
            feed,
            ..
        } = self;
        let feed = feed.as_ref();
        let status = response.status();
        let tunnel = asked.method == Method::CONNECT && status.is_success();
        let switches = status == StatusCode::SWITCHING_PROTOCOLS || tunnel;
        let unread = feed.is_some_and(|feed| !feed.is_complete());
        // A client that was not told to go on sends no body, or the whole of it: only the end of the connection
        // tells which.
        let unsent = unread && asked.expects;
        let broken = feed.is_some_and(Feed::is_broken);
        let close = asked.close || unsent || broken || is_stopping;
        let unknown_length = response.body().size_hint().exact().is_none();
        // With `Connection: close` the engine leaves the chunks out, and a body that breaks off looks whole.
        let unmarked = close && unknown_length && asked.version == Version::HTTP_11;
        let wanted = feed.is_some_and(Feed::is_wanted);
        Plan {
            beside_engine: wanted || switches || unmarked || !head::is_known(status),
            switches,
            close,
            unread,
            unknown_length,
        }
    }

    /// Takes the connection out of the engine's hands, to be answered beside it.
    fn take_over(self, plan: Plan, conn: Conn<Io>) -> Box<Takeover> {
        let accepted = self.completion.filter(UpgradeCompletion::is_accepted);
        let switching = accepted.filter(|_| plan.switches);
        Box::new(Takeover {
            upgrade: Upgrade::from(conn),
            response: self.response,
            feed: self.feed,
            asked: self.asked,
            // A connection that switches has no end of HTTP to tell of.
            close: plan.close && switching.is_none(),
            switching,
        })
    }

    /// Gives the answer to the engine.
    fn give(self, plan: Plan, wire: &Io, place: &Place, conn: &mut Conn<Io>) {
        let asked = self.asked;
        let (mut parts, body) = self.response.into_parts();
        let keep = match asked.version {
            _ if plan.close => Some("close"),
            Version::HTTP_10 if plan.unknown_length => Some("close"),
            Version::HTTP_10 => Some("keep-alive"),
            _ => None,
        };
        if let Some(keep) = keep {
            // Added: a 426 has one already.
            let keep = HeaderValue::from_static(keep);
            parts.headers.append(header::CONNECTION, keep);
        }
        place.with(|slot| {
            slot.unread = plan.unread && plan.close;
            slot.unmarked = plan.unknown_length && asked.version == Version::HTTP_10;
        });
        conn.set_status(head::status(parts.status));
        let body = match asked.method {
            // The engine would announce that there is nothing.
            Method::HEAD => (!parts.headers.contains_key(header::CONTENT_LENGTH))
                .then(|| EngineBody::new_streaming(empty(), None)),
            _ => Outgoing::of(body, asked.takes_trailers, Peer::Wire(wire.clone())),
        };
        head::add_fields(conn.response_headers_mut(), &parts.headers);
        if let Some(body) = body {
            conn.set_response_body(body);
        }
        wire.with(Wire::answered);
    }
}
