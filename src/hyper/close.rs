//! The end of a connection of HTTP/1, so that what was sent last arrives.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Poll, ready};
use std::time::Duration;

use super::transport::{State, Transport};

/// How long a client may go on sending after the last response was sent.
const LINGER: Duration = Duration::from_secs(5);
/// How long the first line of a head may be.
const MAX_LINE: usize = 8 * 1024;

/// Sends what is left to send, and closes. A socket that is closed while input is unread resets the
/// connection, which may destroy the response on its way; RFC 9112, section 9.6. So if `more` is expected,
/// or is there already, it is read and dropped until the client closes, for a while.
pub(super) async fn close(transport: &Transport, more: bool) {
    if poll_fn(|cx| transport.lock().poll_close_write(cx))
        .await
        .is_err()
    {
        return;
    }
    let mut wait = more;
    let mut scratch = Vec::new();
    let mut deadline = pin!(tokio::time::sleep(LINGER));
    poll_fn(|cx| {
        scratch.resize(4 * 1024, 0);
        loop {
            match transport.lock().poll_discard(cx, &mut scratch) {
                Poll::Ready(true) => wait = true,
                Poll::Ready(false) => return Poll::Ready(()),
                Poll::Pending => break,
            }
            // Looked at here too: a client that never pauses must not stay.
            ready!(tokio::task::coop::poll_proceed(cx)).made_progress();
        }
        match wait {
            true => deadline.as_mut().poll(cx),
            false => Poll::Ready(()),
        }
    })
    .await;
}

/// hyper answers 431 to every head that is too large. If it is the first line that is, RFC 9112, section
/// 3, asks for 414.
pub(super) fn too_large(transport: &mut State, head: &[u8]) {
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
