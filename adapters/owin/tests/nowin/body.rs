//! The body of a response: from the function that writes it to the engine that reads it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_channel::{mpsc, oneshot};
use futures_io::AsyncWrite;
use futures_util::Stream;
use http_body::{Body, Frame};
use transom::body::BoxError;
use transom_middleware::owin::Called;

/// What `owin.ResponseBody` writes to: its first write or flush starts the response.
pub(super) struct Writer {
    pub(super) started: Option<oneshot::Sender<()>>,
    pub(super) pieces: mpsc::Sender<Bytes>,
}

impl Writer {
    fn start(&mut self) {
        if let Some(started) = self.started.take() {
            let _ = started.send(());
        }
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.start();
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        ready!(self.pieces.poll_ready(cx)).map_err(gone)?;
        let piece = Bytes::copy_from_slice(data);
        Poll::Ready(
            self.pieces
                .start_send(piece)
                .map_err(gone)
                .map(|()| data.len()),
        )
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.start();
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

/// What the engine sends. It drives the function that writes, and is its owner.
#[derive(Default)]
pub(super) enum Outgoing {
    #[default]
    Empty,
    Written {
        running: Running,
        pieces: mpsc::Receiver<Bytes>,
        rested: bool,
    },
}

/// A function that writes, and how it ended.
pub(super) enum Running {
    Runs(Called),
    Ended(Option<BoxError>),
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self::Written {
            running,
            pieces,
            rested,
        } = &mut *self
        else {
            return Poll::Ready(None);
        };
        if let Running::Runs(called) = running
            && let Poll::Ready(ended) = Pin::new(called).poll(cx)
        {
            *running = Running::Ended(ended.err());
        }
        if let Running::Ended(_) = running {
            pieces.close();
        }
        // What was written before it failed is sent.
        match ready!(Pin::new(pieces).poll_next(cx)) {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            None => {
                let Running::Ended(failed) = running else {
                    return Poll::Pending;
                };
                // The engine closes at once, and has to send first what it was given.
                if failed.is_some() && !std::mem::replace(rested, true) {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(failed.take().map(Err))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Empty)
    }
}
