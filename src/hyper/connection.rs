//! One connection, from its first byte to its last.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::io::Stream;
use super::sniff::{Protocol, sniff};
use super::upgrade::UpgradedConnections;
use super::{http1, http2};
use crate::adapter::Dispatcher;
use crate::contract::{Application, Shutdown};
use crate::features::{ConnectionInfo, MaxRequestBodySize, ServerStatistics};

/// What can be set on the server.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) max_request_body_size: Option<u64>,
    pub(super) half_close: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_request_body_size: Some(MaxRequestBodySize::DEFAULT),
            half_close: true,
        }
    }
}

/// What all connections of a server share.
pub(super) struct Server<A> {
    pub(super) dispatcher: Dispatcher<A>,
    pub(super) options: Options,
    pub(super) shutdown: Shutdown,
    pub(super) statistics: ServerStatistics,
    pub(super) upgraded: UpgradedConnections,
}

/// A connection's ear for the request to stop.
pub(super) struct Stop<'a, F> {
    shutdown: &'a Shutdown,
    requested: Pin<&'a mut F>,
    listens: bool,
}

impl<'a, F: Future<Output = ()>> Stop<'a, F> {
    pub(super) fn new(shutdown: &'a Shutdown, requested: Pin<&'a mut F>) -> Self {
        Self {
            shutdown,
            requested,
            listens: false,
        }
    }

    /// Returns whether the server shall stop; else `cx` is woken when it shall. All calls must come from one
    /// task: it is listened for once, since each time costs a lock that all connections share.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if self.listens {
            return self.shutdown.is_requested();
        }
        self.listens = true;
        self.requested.as_mut().poll(cx).is_ready()
    }
}

/// Serves a connection until it ends, however it ends.
pub(super) async fn serve<A: Application>(
    server: Arc<Server<A>>,
    mut stream: Stream,
    info: ConnectionInfo,
) {
    let counted = server.statistics.count_connection();
    // Whoever has not said a word is let go when the server stops.
    let Some(Ok(Some((protocol, ahead)))) =
        before(server.shutdown.requested(), sniff(&mut stream)).await
    else {
        return;
    };
    match protocol {
        Protocol::Http1 => http1::serve(server, stream, ahead, info, counted).await,
        Protocol::Http2 => http2::serve(server, stream, ahead, info, counted).await,
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
