//! A transport that several hands hold.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;

/// A transport of the engine's, a socket or a stream of HTTP/2, which the adapter can reach while the engine
/// or the application has it: to see that the client is gone, to answer beside the engine, and to end it.
pub(crate) struct Shared<T>(Arc<Mutex<State<T>>>);

struct State<T> {
    /// `None` once it was closed, or taken back.
    transport: Option<T>,
    /// Who waits: nothing wakes them when the transport is taken away.
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl<T> Shared<T> {
    pub(crate) fn new(transport: T) -> Self {
        Self(Arc::new(Mutex::new(State {
            transport: Some(transport),
            reader: None,
            writer: None,
        })))
    }

    /// Does something with the transport, unless it was taken away.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.lock().transport.as_mut().map(act)
    }

    /// Takes the transport away: every other hand finds it closed.
    pub(crate) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        let taken = state.transport.take();
        let waiting = [state.reader.take(), state.writer.take()];
        drop(state);
        waiting.into_iter().flatten().for_each(Waker::wake);
        taken
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Shared<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let state = &mut *self.lock();
        let Some(transport) = &mut state.transport else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        };
        let read = Pin::new(transport).poll_read(cx, buffer);
        remember(&mut state.reader, cx, read.is_pending());
        read
    }
}

impl<T: AsyncWrite + Unpin> Shared<T> {
    fn poll_writing<R>(
        &self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        let state = &mut *self.lock();
        let Some(transport) = &mut state.transport else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        };
        let written = write(Pin::new(transport), cx);
        remember(&mut state.writer, cx, written.is_pending());
        written
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Shared<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_writing(cx, |transport, cx| transport.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_writing(cx, |transport, cx| {
            transport.poll_write_vectored(cx, slices)
        })
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_writing(cx, |transport, cx| transport.poll_flush(cx))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_writing(cx, |transport, cx| transport.poll_close(cx))
    }
}

fn remember(place: &mut Option<Waker>, cx: &Context<'_>, waits: bool) {
    match place {
        Some(known) if waits => known.clone_from(cx.waker()),
        None if waits => *place = Some(cx.waker().clone()),
        _ => {}
    }
}

/// Closes a transport when it is dropped, whoever else has it.
pub(crate) struct Owner<T>(Shared<T>);

impl<T> Owner<T> {
    pub(crate) fn new(transport: Shared<T>) -> Self {
        Self(transport)
    }
}

impl<T> Drop for Owner<T> {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

/// A transport in the hands of the application. The other side waits until it is dropped.
pub(crate) struct Lent<T> {
    transport: Shared<T>,
    _returned: oneshot::Sender<()>,
}

/// Lends a transport, and returns what waits for its return. Dropping that closes the transport.
pub(crate) fn lend<T>(transport: Shared<T>) -> (Lent<T>, impl Future<Output = ()> + use<T>) {
    let (returned, waits) = oneshot::channel();
    let owner = Owner::new(transport.clone());
    let lent = Lent {
        transport,
        _returned: returned,
    };
    let until_returned = async move {
        let _owner = owner;
        let _ = waits.await;
    };
    (lent, until_returned)
}

impl<T: AsyncRead + Unpin> AsyncRead for Lent<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.transport).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Lent<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.transport).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_close(cx)
    }
}
