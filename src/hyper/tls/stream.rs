//! The bytes within TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::ServerConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server;

use crate::hyper::connection::Stream;

/// A stream whose handshake is done.
pub(in crate::hyper) struct TlsStream {
    tls: server::TlsStream<Stream>,
    /// Whether an end that TLS did not announce is an error.
    strict: bool,
}

impl TlsStream {
    pub(super) fn new(tls: server::TlsStream<Stream>) -> Self {
        Self { tls, strict: false }
    }

    /// Returns the stream below.
    pub(in crate::hyper) fn below(&self) -> &Stream {
        self.tls.get_ref().0
    }

    /// Ready if there may be something to read: decrypted already, or not.
    pub(in crate::hyper) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (below, session) = self.tls.get_ref();
        if !session.wants_read() {
            return Poll::Ready(Ok(()));
        }
        below.poll_read_ready(cx)
    }

    /// Returns whether all that was written has left TLS.
    pub(in crate::hyper) fn is_flushed(&self) -> bool {
        !self.session().wants_write()
    }

    /// From now on a connection that breaks off is told from one that ends. HTTP does not need it, for its
    /// messages say where they end, and many clients leave without a word: RFC 9112, section 9.8.
    pub(in crate::hyper) fn tell_truncation(&mut self) {
        self.strict = true;
    }

    pub(super) fn session(&self) -> &ServerConnection {
        self.tls.get_ref().1
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.tls).poll_read(cx, buffer) {
            Poll::Ready(Err(error))
                if error.kind() == io::ErrorKind::UnexpectedEof && !self.strict =>
            {
                Poll::Ready(Ok(()))
            }
            read => read,
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(cx)
    }
}
