//! One connection, from its first byte to its last.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::Server;
use super::opening::open;
use super::sniff::Protocol;
use crate::contract::Application;
use crate::hyper::accept::Accepted;
use crate::hyper::{http1, http2};

/// Serves a connection until it ends, however it ends.
pub(in crate::hyper) async fn serve<A: Application>(server: Arc<Server<A>>, accepted: Accepted) {
    let counted = server.statistics.count_connection();
    // Whoever has not said a word is let go when the server stops.
    let opening = open(accepted.stream, accepted.info, &accepted.endpoint);
    let Some(Ok(Some(opened))) = before(server.shutdown.requested(), opening).await else {
        return;
    };
    match opened.protocol {
        Protocol::Http1 => http1::serve(server, opened, counted).await,
        Protocol::Http2 => http2::serve(server, opened, counted).await,
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
