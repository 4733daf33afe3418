//! One connection, from its first byte to its last.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::time::Instant;
use tracing::Instrument as _;

use super::opening::{NotOpened, Opened, open};
use super::sniff::Protocol;
use super::{Age, Place, Reason, Server, Watchdog};
use crate::contract::Application;
use crate::hyper::accept::Accepted;
use crate::hyper::observe::span;
use crate::hyper::{http1, http2};

/// A connection whose protocol is known, its place, and what it has left of its time.
pub(in crate::hyper) struct Arrival {
    pub(in crate::hyper) opened: Opened,
    pub(in crate::hyper) place: Place,
    /// When the head of the first request has to be there. It was set when the connection was accepted, and
    /// no byte moves it.
    pub(in crate::hyper) head_deadline: Option<Instant>,
    pub(in crate::hyper) age: Age,
    pub(in crate::hyper) watchdog: Watchdog,
}

/// Serves a connection until it ends, however it ends.
pub(in crate::hyper) fn serve<A: Application>(
    server: Arc<Server<A>>,
    accepted: Accepted,
    place: Place,
) -> impl Future<Output = ()> + Send {
    let span = span(&accepted.info);
    open_and_serve(server, accepted, place).instrument(span)
}

async fn open_and_serve<A: Application>(
    server: Arc<Server<A>>,
    accepted: Accepted,
    mut place: Place,
) {
    let timeout = server.options.limits.request_head_timeout();
    let head_deadline = timeout.map(|timeout| Instant::now() + timeout);
    let age = Age::new(&server.options.limits);
    let mut watchdog = Watchdog::default();
    let Accepted {
        stream,
        mut info,
        endpoint,
    } = accepted;
    // Boxed, and gone before the first request: it may hold a TLS handshake.
    let opening = open(stream, &mut info, &mut place, Arc::clone(&endpoint));
    let opening = Box::pin(opening);
    // Whoever has not said a word is let go when the server stops.
    let opening = before(endpoint.stop.requested(), opening);
    let opened = match watchdog.before(head_deadline, opening).await {
        Ok(Some(Ok(Some(opened)))) => opened,
        Ok(Some(Err(NotOpened::Rejected(reason)))) => return server.rejected(reason, &info),
        Ok(_) => return,
        Err(_) => return server.rejected(Reason::RequestHeadTimeout, &info),
    };
    let protocol = opened.protocol;
    let arrival = Arrival {
        opened,
        place,
        head_deadline,
        age,
        watchdog,
    };
    match protocol {
        Protocol::Http1 => http1::serve(server, arrival).await,
        Protocol::Http2 => http2::serve(server, arrival).await,
    }
}

/// Returns what `work` returns, unless `end` comes first.
async fn before<T>(end: impl Future<Output = ()>, work: impl Future<Output = T>) -> Option<T> {
    let (mut end, mut work) = (pin!(end), pin!(work));
    std::future::poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(done));
        }
        end.as_mut().poll(cx).map(|()| None)
    })
    .await
}
