//! Which protocol a client speaks, told by its first bytes.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use crate::hyper::options::Protocols;

/// What a client of HTTP/2 begins with; RFC 9113, section 3.4.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long a client has to take that its protocol is not spoken, and how much it may send meanwhile.
const REFUSAL: Duration = Duration::from_secs(1);
const MAX_DISCARDED: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hyper) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    /// The versions of HTTP that this is.
    fn versions(self) -> Protocols {
        match self {
            Self::Http1 => Protocols::HTTP1,
            Self::Http2 => Protocols::HTTP2,
        }
    }

    /// What a client that speaks this is told where it is not spoken.
    fn refusal(self) -> &'static [u8] {
        match self {
            Self::Http1 => {
                b"HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\n\
                  content-type: text/plain\r\ncontent-length: 45\r\n\r\n\
                  HTTP/2 alone is spoken here, without TLS: h2c"
            }
            // SETTINGS, which comes first, and GOAWAY with HTTP_1_1_REQUIRED; RFC 9113, section 7.
            Self::Http2 => &[
                0, 0, 0, 4, 0, 0, 0, 0, 0, //
                0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13,
            ],
        }
    }
}

/// Reads until the protocol is known, and not further than its preface. Returns what was read; `None` if
/// the client went away before it told, or speaks what is not spoken here, which it is told.
pub(in crate::hyper) async fn sniff<S>(
    stream: &mut S,
    spoken: Protocols,
) -> io::Result<Option<(Protocol, BytesMut)>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut bytes = [0; PREFACE.len()];
    let mut read = 0;
    loop {
        match poll_fn(|cx| poll_read(stream, cx, &mut bytes[read..])).await? {
            0 => return Ok(None),
            more => read += more,
        }
        match protocol(&bytes[..read]) {
            Some(protocol) if spoken.contains(protocol.versions()) => {
                return Ok(Some((protocol, BytesMut::from(&bytes[..read]))));
            }
            Some(protocol) => {
                // One who does not wait for it has not understood.
                let _ = timeout(REFUSAL, refuse(stream, protocol.refusal())).await;
                return Ok(None);
            }
            None => {}
        }
    }
}

/// Sends the refusal, and reads on for a little: a socket that is closed while input is unread resets the
/// connection, which may destroy what was sent.
async fn refuse<S>(stream: &mut S, refusal: &[u8]) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut rest = refusal;
    while !rest.is_empty() {
        match poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, rest)).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => rest = &rest[written..],
        }
    }
    poll_fn(|cx| Pin::new(&mut *stream).poll_shutdown(cx)).await?;
    let mut scratch = [0; 1024];
    for _ in 0..MAX_DISCARDED / scratch.len() {
        if poll_fn(|cx| poll_read(stream, cx, &mut scratch)).await? == 0 {
            break;
        }
    }
    Ok(())
}

fn poll_read<S>(stream: &mut S, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>>
where
    S: AsyncRead + Unpin,
{
    let mut buffer = ReadBuf::new(into);
    ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
    Poll::Ready(Ok(buffer.filled().len()))
}

fn protocol(begin: &[u8]) -> Option<Protocol> {
    if !PREFACE.starts_with(begin) {
        return Some(Protocol::Http1);
    }
    (begin.len() == PREFACE.len()).then_some(Protocol::Http2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_differs_decides() {
        assert_eq!(protocol(b"G"), Some(Protocol::Http1));
        assert_eq!(protocol(b"PR"), None);
        assert_eq!(protocol(b"PRO"), Some(Protocol::Http1));
        assert_eq!(protocol(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r"), None);
        assert_eq!(protocol(PREFACE), Some(Protocol::Http2));
    }
}
