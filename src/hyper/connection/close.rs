//! The end of a connection of HTTP/1, so that what was sent last arrives.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::transport::{State, Transport};

/// How long a client may go on sending after the last response was sent.
const LINGER: Duration = Duration::from_secs(5);
/// How long it may be silent in that time.
const SILENCE: Duration = Duration::from_secs(1);
/// How long the first line of a head may be.
const MAX_LINE: usize = 8 * 1024;

/// Sends what is left to send, and closes. A socket that is closed while input is unread resets the
/// connection, which may destroy the response on its way; RFC 9112, section 9.6. So if `more` is expected,
/// or is there already, it is read and dropped until the client closes, for a while.
pub(in crate::hyper) async fn close(transport: &Transport, more: bool) {
    if poll_fn(|cx| transport.lock().poll_close_write(cx))
        .await
        .is_err()
    {
        return;
    }
    let mut wait = more;
    let mut scratch = vec![0; 4 * 1024];
    let end = Instant::now() + LINGER;
    let mut silence = pin!(tokio::time::sleep(SILENCE));
    poll_fn(|cx| {
        loop {
            match transport.lock().poll_discard(cx, &mut scratch) {
                Poll::Ready(true) => {
                    wait = true;
                    silence.as_mut().reset(end.min(Instant::now() + SILENCE));
                }
                Poll::Ready(false) => return Poll::Ready(()),
                Poll::Pending if wait => return silence.as_mut().poll(cx),
                Poll::Pending => return Poll::Ready(()),
            }
            if Instant::now() >= end {
                return Poll::Ready(());
            }
        }
    })
    .await;
}

/// Answers 408 if the client has begun to ask, and returns whether it has.
pub(in crate::hyper) fn too_late(transport: &mut State) -> bool {
    let asked = transport.was_read();
    if asked {
        transport.append(
            b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        );
    }
    asked
}

/// hyper answers 431 to every head that is too large. If it is the first line that is, RFC 9112, section
/// 3, asks for 414.
pub(in crate::hyper) fn too_large(transport: &mut State, head: &[u8]) {
    let line = head
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(head.len());
    if line > MAX_LINE {
        transport.replace_last_write(
            b"HTTP/1.1 414 URI Too Long\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        );
    }
}
