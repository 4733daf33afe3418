//! The end of a connection of HTTP/1 or HTTP/2, so that what was sent last arrives.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use super::transport::{State, Transport};
use super::{Due, Watchdog};
use crate::hyper::http1::Refusal;

/// How long a client may go on sending after the last response was sent.
const LINGER: Duration = Duration::from_secs(5);
/// How long it may be silent in that time.
const SILENCE: Duration = Duration::from_secs(1);

/// Sends what is left to send, unless the client takes it too slowly, and closes. A socket that is closed
/// while input is unread resets the connection, which may destroy the response on its way; RFC 9112, section
/// 9.6. So if `more` is expected, or is there already, it is read and dropped until the client closes, for a
/// while.
pub(in crate::hyper) async fn close(transport: &Transport, watchdog: &mut Watchdog, more: bool) {
    let sent = poll_fn(|cx| {
        let mut transport = transport.lock();
        match transport.poll_close_write(cx) {
            Poll::Ready(result) => Poll::Ready(result.is_ok()),
            Poll::Pending => {
                let late = watchdog.poll(cx, transport.write_deadline());
                late.map(|()| false)
            }
        }
    })
    .await;
    if sent {
        linger(transport, watchdog, more).await;
    } else {
        transport.lock().reset_on_close();
    }
}

async fn linger(transport: &Transport, watchdog: &mut Watchdog, more: bool) {
    let mut scratch = Vec::new();
    let mut wait = more;
    let begin = Instant::now();
    let mut silence = begin + SILENCE;
    poll_fn(|cx| {
        loop {
            match poll_discard(transport, cx, &mut scratch) {
                Poll::Ready(true) => {
                    wait = true;
                    silence = Instant::now() + SILENCE;
                }
                Poll::Ready(false) => return Poll::Ready(()),
                Poll::Pending if wait => {
                    let due = Due::new()
                        .or(Some(silence), ())
                        .or(Some(begin + LINGER), ());
                    return due.poll(watchdog, cx);
                }
                Poll::Pending => return Poll::Ready(()),
            }
            if begin.elapsed() >= LINGER {
                return Poll::Ready(());
            }
        }
    })
    .await;
}

fn poll_discard(transport: &Transport, cx: &mut Context<'_>, scratch: &mut Vec<u8>) -> Poll<bool> {
    // Most connections end with nothing to read.
    scratch.resize(4 * 1024, 0);
    transport.lock().poll_discard(cx, scratch)
}

/// Answers 408 to a client that has begun to ask, and returns whether it has.
pub(in crate::hyper) fn too_late(transport: &mut State) -> bool {
    let asked = transport.has_begun_head();
    if asked {
        let why = "the head of the request took too long";
        transport.append(&Refusal::new(StatusCode::REQUEST_TIMEOUT, why).to_bytes());
    }
    asked
}
