//! Which protocol a client speaks, told by its first bytes.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncRead, ReadBuf};

use crate::hyper::options::Protocols;

/// What a client of HTTP/2 begins with; RFC 9113, section 3.4.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hyper) enum Protocol {
    Http1,
    Http2,
}

/// Reads until the protocol is known, and not further than its preface. Returns what was read; `None` if
/// the client went away before it told.
pub(in crate::hyper) async fn sniff<S>(
    stream: &mut S,
    spoken: Protocols,
) -> io::Result<Option<(Protocol, BytesMut)>>
where
    S: AsyncRead + Unpin,
{
    if spoken == Protocols::HTTP1 {
        return Ok(Some((Protocol::Http1, BytesMut::new())));
    }
    if spoken == Protocols::HTTP2 {
        return Ok(Some((Protocol::Http2, BytesMut::new())));
    }
    let mut bytes = [0; PREFACE.len()];
    let mut read = 0;
    loop {
        let mut buffer = ReadBuf::new(&mut bytes[read..]);
        std::future::poll_fn(|cx| std::pin::Pin::new(&mut *stream).poll_read(cx, &mut buffer))
            .await?;
        match buffer.filled().len() {
            0 => return Ok(None),
            more => read += more,
        }
        if let Some(protocol) = protocol(&bytes[..read]) {
            return Ok(Some((protocol, BytesMut::from(&bytes[..read]))));
        }
    }
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
