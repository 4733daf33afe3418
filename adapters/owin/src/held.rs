use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_channel::oneshot;
use futures_io::{AsyncRead, AsyncWrite};
use pin_project::pin_project;
use transom::features::Upgraded;

/// Returns the connection, and what ends when that is dropped.
pub(crate) fn held(connection: Upgraded) -> (Upgraded, impl Future<Output = ()>) {
    let (held, released) = oneshot::channel::<()>();
    let connection = Held {
        connection,
        _held: held,
    };
    // Nothing is ever sent: it ends with an error when the other side is dropped.
    let released = async { released.await.unwrap_or_default() };
    (Upgraded::new(connection), released)
}

#[pin_project]
struct Held {
    #[pin]
    connection: Upgraded,
    _held: oneshot::Sender<()>,
}

impl AsyncRead for Held {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        AsyncRead::poll_read(self.project().connection, cx, buffer)
    }
}

impl AsyncWrite for Held {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(self.project().connection, cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(self.project().connection, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_close(self.project().connection, cx)
    }
}
