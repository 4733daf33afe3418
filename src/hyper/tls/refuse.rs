//! The last words to a client that there is no handshake with.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};

/// How long a client may take to read them, and how much it may still send.
const LINGER: Duration = Duration::from_secs(1);
const MAX_UNREAD: usize = 64 * 1024;

const CLEARTEXT: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    connection: close\r\n\
    content-type: text/plain\r\n\
    content-length: 68\r\n\
    \r\n\
    This port speaks HTTPS: write `https://` where you wrote `http://`.\n";

/// An alert of TLS; RFC 8446, section 6.
#[derive(Clone, Copy)]
pub(super) enum Alert {
    InternalError = 80,
    UnrecognizedName = 112,
}

/// Sends an alert before there are keys, and ends the connection.
pub(super) async fn alert<S>(stream: &mut S, alert: Alert)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    bytes(stream, &[21, 3, 3, 0, 2, 2, alert as u8]).await;
}

/// Answers a request of HTTP that came without TLS, and ends the connection.
pub(super) async fn cleartext<S>(stream: &mut S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    bytes(stream, CLEARTEXT).await;
}

/// Sends the last bytes, and reads what still comes for a moment: a socket that is closed with input unread
/// resets the connection, which destroys them on their way.
pub(super) async fn bytes<S>(stream: &mut S, last: &[u8])
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let sent = async {
        stream.write_all(last).await?;
        stream.shutdown().await?;
        let mut room = [0; 1024];
        let mut left = MAX_UNREAD;
        while left > 0 {
            let mut buffer = ReadBuf::new(&mut room);
            poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, &mut buffer)).await?;
            match buffer.filled().len() {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        io::Result::Ok(())
    };
    // The client is gone, or does not go: either way there is no more to say.
    let _ = tokio::time::timeout(LINGER, sent).await;
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_answer_in_cleartext_is_as_long_as_it_says() {
        let answer = std::str::from_utf8(super::CLEARTEXT).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
    }
}
