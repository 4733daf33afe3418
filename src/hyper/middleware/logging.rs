use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

use super::{ByteStream, ConnectionLayer};
use crate::features::{ConnectionId, ConnectionInfo};

/// Logs the bytes of connections, as hexadecimal numbers and as ASCII: each read and each write is one event of
/// the level `DEBUG` under the target `transom::connection`.
///
/// It shows whatever is sent, passwords too: it is for finding out what a peer really sends. Before TLS
/// ([`Endpoint::with_wire_layer`](crate::hyper::Endpoint::with_wire_layer)) it shows what is encrypted, after it
/// ([`Endpoint::with_connection_layer`](crate::hyper::Endpoint::with_connection_layer)) what is meant. A
/// connection that begins while nobody listens to these events costs nothing, and is not logged later.
///
/// ```
/// use transom::hyper::Endpoint;
/// use transom::hyper::middleware::ConnectionLogging;
///
/// let endpoint = Endpoint::new("http://127.0.0.1:0")
///     .with_connection_layer(ConnectionLogging::default().with_max_bytes(64));
/// # let _ = endpoint;
/// ```
#[doc(alias = "UseConnectionLogging")]
#[derive(Clone, Debug)]
#[must_use]
pub struct ConnectionLogging {
    max_bytes: usize,
}

impl ConnectionLogging {
    /// Sets how many bytes of a read or a write an event shows; 1,024 by default. It always tells how many there
    /// were.
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }
}

impl Default for ConnectionLogging {
    fn default() -> Self {
        Self { max_bytes: 1024 }
    }
}

impl ConnectionLayer for ConnectionLogging {
    async fn wrap(&self, stream: ByteStream, info: &ConnectionInfo) -> io::Result<ByteStream> {
        if !tracing::enabled!(target: "transom::connection", tracing::Level::DEBUG) {
            return Ok(stream);
        }
        Ok(ByteStream::new(Logged {
            stream,
            connection: info.id(),
            max_bytes: self.max_bytes,
        }))
    }
}

struct Logged {
    stream: ByteStream,
    connection: ConnectionId,
    max_bytes: usize,
}

impl Logged {
    fn log(&self, what: &'static str, bytes: &[u8]) {
        let shown = &bytes[..bytes.len().min(self.max_bytes)];
        tracing::debug!(
            target: "transom::connection",
            connection = %self.connection,
            bytes = bytes.len(),
            "{what}{}",
            Dump(shown)
        );
    }
}

impl AsyncRead for Logged {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.log("read", &buffer[..read.min(buffer.len())]);
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for Logged {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.log("write", &bytes[..written.min(bytes.len())]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_close(cx))?;
        self.log("close", &[]);
        Poll::Ready(Ok(()))
    }
}

/// Lines of 16 bytes, each as a number and as a character.
struct Dump<'a>(&'a [u8]);

impl fmt::Display for Dump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.chunks(16) {
            f.write_str("\n")?;
            for byte in line {
                write!(f, "{byte:02X} ")?;
            }
            write!(f, "{:width$} ", "", width = 3 * (16 - line.len()))?;
            for byte in line {
                let shown = byte.is_ascii_graphic() || *byte == b' ';
                write!(f, "{}", if shown { char::from(*byte) } else { '.' })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_numbers_and_characters_in_columns() {
        let dump = Dump(b"GET / HTTP/1.1\r\nhost").to_string();
        let expected = "\n47 45 54 20 2F 20 48 54 54 50 2F 31 2E 31 0D 0A  GET / HTTP/1.1..\
                        \n68 6F 73 74                                      host";
        assert_eq!(dump, expected);
    }
}
