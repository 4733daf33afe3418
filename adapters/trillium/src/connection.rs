//! One connection, from `accept` to its protocol and its end.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};
use transom::Application;
use transom::features::Scheme;
use transom_adapter_tokio::{Socket, Stream};

use crate::http1::{self, Ended};
use crate::http2;
use crate::hub::Hub;
use crate::shared::{Owner, Shared};
use crate::wire::Wire;

/// How long, and how much, is discarded of what a client still sends after the last response. To close at once
/// would reset the connection, and could take the response with it.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// Serves a connection to its end.
pub(crate) async fn serve<A: Application>(hub: Arc<Hub<A>>, socket: Socket, scheme: Scheme) {
    let _counted = hub.dispatcher.statistics().count_connection();
    let since = Instant::now();
    let mut connection = hub.dispatcher.connection(socket.info(), scheme);
    let mut protocol = None;
    let stream = match (&hub.tls, scheme) {
        (Some(tls), Scheme::Https) => {
            let done = tokio::select! {
                done = tls.accept(socket) => done,
                () = hub.shutdown.requested() => return,
            };
            let Ok((stream, tls)) = done else {
                return;
            };
            protocol = tls.protocol().map(|agreed| agreed == b"h2");
            connection = connection.with_feature(tls);
            stream
        }
        _ => Stream::Plain(socket),
    };
    let wire = Wire::new(stream, since, hub.timeouts, hub.shutdown.clone());
    let wire = Shared::new(wire);
    // Whatever hands the transport is in, it ends with this future.
    let _owner = Owner::new(wire.clone());
    let Ok(looks_like_http2) = looks_like_http2(&hub, &wire).await else {
        return;
    };
    let ended = match (looks_like_http2, protocol) {
        (true, None | Some(true)) => {
            http2::serve(&hub, connection, &wire).await;
            // The client may always have something to say, and something to read.
            Ended::Unread
        }
        // What ALPN agreed on, and nothing else.
        (false, Some(true)) => return,
        (_, _) => {
            let first = wire.with(Wire::take_ahead).unwrap_or_default();
            http1::serve(&hub, &connection, wire.clone(), first).await
        }
    };
    if let Some(wire) = wire.take() {
        close(wire.into_stream(), ended).await;
    }
}

async fn looks_like_http2<A>(hub: &Hub<A>, wire: &Shared<Wire>) -> io::Result<bool> {
    let looked = poll_fn(|cx| {
        wire.with(|wire| wire.poll_is_http2(cx))
            .unwrap_or_else(|| std::task::Poll::Ready(Err(io::ErrorKind::NotConnected.into())))
    });
    tokio::select! {
        looked = looked => looked,
        () = hub.shutdown.requested() => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

async fn close(mut stream: Stream, ended: Ended) {
    match ended {
        // Over TLS there is no closing alert either, by which a client knows an end.
        Ended::Broken => stream.socket().reset_on_close(),
        Ended::Quiet | Ended::Unread => {
            let closing = async {
                let _ = stream.shutdown().await;
                if ended == Ended::Unread {
                    discard(&mut stream).await;
                }
            };
            let _ = timeout(LINGER, closing).await;
        }
    }
}

async fn discard(stream: &mut Stream) {
    let mut space = [0; 4096];
    let mut left = LINGER_BYTES;
    while let Ok(read) = stream.read(&mut space).await {
        left = left.saturating_sub(read);
        if read == 0 || left == 0 {
            return;
        }
    }
}
