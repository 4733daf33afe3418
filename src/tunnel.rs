//! Bytes carried between two connections, one of which is in memory and may be dropped by its owner.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};

use crate::signal::Signal;

/// Returns two ends of a connection in memory. The far one knows when the near one is gone, which reading
/// alone would not tell from its half being closed.
pub(crate) fn tunnel(buffer: usize) -> (Near, Far) {
    let (near, far) = tokio::io::duplex(buffer);
    let gone = Arc::new(Signal::new());
    let near = Near {
        io: near,
        gone: Arc::clone(&gone),
    };
    (near, Far { io: far, gone })
}

/// The end for whoever took the connection over.
#[derive(Debug)]
pub(crate) struct Near {
    io: DuplexStream,
    gone: Arc<Signal>,
}

/// The end for whoever carries its bytes.
#[derive(Debug)]
pub(crate) struct Far {
    io: DuplexStream,
    gone: Arc<Signal>,
}

impl Far {
    /// Returns the bytes, before they are carried.
    #[cfg(feature = "upgrade-bridge")]
    pub(crate) fn io(&mut self) -> &mut DuplexStream {
        &mut self.io
    }

    /// Returns the bytes, for whoever carries them itself, and what fires when the near end is gone.
    #[cfg(feature = "http3")]
    pub(crate) fn into_parts(self) -> (DuplexStream, Arc<Signal>) {
        (self.io, self.gone)
    }

    /// Carries bytes both ways until both sides have closed, or the near end is dropped: then what it
    /// has written is still sent, and nothing waits for the peer.
    pub(crate) async fn carry<C: AsyncRead + AsyncWrite>(self, connection: C) -> io::Result<()> {
        let (mut from_peer, mut to_peer) = tokio::io::split(connection);
        let (mut from_near, mut to_near) = tokio::io::split(self.io);
        let outward = async {
            tokio::io::copy(&mut from_near, &mut to_peer).await?;
            to_peer.shutdown().await
        };
        let inward = async {
            tokio::io::copy(&mut from_peer, &mut to_near).await?;
            to_near.shutdown().await
        };
        let inward = futures_util::future::select(Box::pin(inward), Box::pin(self.gone.wait()));
        let (outward, _) = futures_util::future::join(outward, inward).await;
        outward
    }
}

impl AsyncRead for Near {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Near {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl Drop for Near {
    fn drop(&mut self) {
        self.gone.fire();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_dropped_end_ends_the_tunnel_although_the_peer_stays() {
        let (mut near, far) = tunnel(64);
        let (connection, mut peer) = tokio::io::duplex(64);
        let carrying = tokio::spawn(far.carry(connection));
        near.write_all(b"farewell").await.unwrap();
        drop(near);
        tokio::time::timeout(PATIENCE, carrying)
            .await
            .expect("it waits for a peer that says nothing")
            .unwrap()
            .unwrap();
        let mut heard = String::new();
        peer.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "farewell", "what was written before is sent");
    }

    #[tokio::test]
    async fn a_closed_half_leaves_the_other_open() {
        let (mut near, far) = tunnel(64);
        let (connection, mut peer) = tokio::io::duplex(64);
        let carrying = tokio::spawn(far.carry(connection));
        near.shutdown().await.unwrap();
        let mut heard = Vec::new();
        peer.read_to_end(&mut heard).await.unwrap();
        assert!(heard.is_empty());
        peer.write_all(b"still here").await.unwrap();
        let mut answer = [0; 10];
        near.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"still here");
        drop(peer);
        tokio::time::timeout(PATIENCE, carrying)
            .await
            .expect("both sides have closed")
            .unwrap()
            .unwrap();
    }
}
