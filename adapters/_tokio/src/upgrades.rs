use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::Stream;

/// Every upgraded connection of a server, so that it can end them: they no longer belong to the engine.
///
/// ```
/// use bytes::Bytes;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use tokio::net::{TcpListener, TcpStream};
/// use transom_adapter_tokio::{Stream, Upgrades};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// let stream = Stream::Plain(listener.accept().await?.0.into());
///
/// let upgrades = Upgrades::default();
/// // What the engine had read beyond the head comes first.
/// let mut upgraded = upgrades.add(stream, Bytes::from("ahead, "));
/// client.write_all(b"and behind").await?;
/// let mut read = [0; 17];
/// upgraded.read_exact(&mut read).await?;
/// assert_eq!(&read, b"ahead, and behind");
///
/// upgrades.end();
/// assert_eq!(upgraded.read(&mut read).await?, 0);
/// assert_eq!(client.read(&mut read).await?, 0);
/// # Ok::<_, std::io::Error>(())
/// # })?;
/// # Ok::<_, std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Upgrades(Arc<Mutex<Vec<Weak<Mutex<Stream>>>>>);

impl Upgrades {
    /// Registers a connection, and returns it for the application: behind the bytes that were read ahead of it.
    pub fn add(&self, stream: Stream, ahead: impl Into<Bytes>) -> UpgradedStream {
        let stream = Arc::new(Mutex::new(stream));
        let mut all = lock(&self.0);
        if all.len() == all.capacity() {
            // Amortised: those that are gone make room before the list grows.
            all.retain(|known| known.strong_count() > 0);
        }
        all.push(Arc::downgrade(&stream));
        let ahead = ahead.into();
        UpgradedStream { ahead, stream }
    }

    /// Ends every connection: the client sees it closed, the application reads its end.
    pub fn end(&self) {
        for stream in lock(&self.0).drain(..).filter_map(|known| known.upgrade()) {
            let _ = lock(&stream).socket().shutdown(Shutdown::Both);
        }
    }
}

/// A connection that is the application's; see [`Upgrades`].
#[derive(Debug)]
pub struct UpgradedStream {
    ahead: Bytes,
    /// Locked by its only user alone, until the server ends.
    stream: Arc<Mutex<Stream>>,
}

impl AsyncRead for UpgradedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_empty() {
            return Pin::new(&mut *lock(&this.stream)).poll_read(cx, buffer);
        }
        let read = this.ahead.len().min(buffer.remaining());
        buffer.put_slice(&this.ahead[..read]);
        this.ahead.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for UpgradedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *lock(&self.stream)).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *lock(&self.stream)).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut *lock(&self.stream)).poll_shutdown(cx) {
            // Closed already, by the client or before.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::NotConnected => {
                Poll::Ready(Ok(()))
            }
            polled => polled,
        }
    }
}

/// Whoever panicked with the lock left what is in it as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
