//! A connection's bytes as hyper has them: each passes the guard.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::frames::{FrameHead, kind};
use super::guard::{Guard, Violation};
use crate::hyper::connection::Transport;

/// A connection's bytes as hyper has them, and what is known of them.
#[derive(Clone)]
pub(super) struct Wire {
    transport: Transport,
    state: Arc<Mutex<State>>,
}

struct State {
    guard: Guard,
    violation: Option<Violation>,
}

impl Wire {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            transport,
            state: Arc::new(Mutex::new(State {
                guard: Guard::new(Instant::now()),
                violation: None,
            })),
        }
    }

    /// Returns why the connection has to end, if it has.
    pub(super) fn violation(&self) -> Option<Violation> {
        self.lock().violation
    }

    /// Returns which header block it is that began and is not whole.
    pub(super) fn open_block(&self) -> Option<u64> {
        self.lock().guard.open_block()
    }

    /// Counts a request that was malformed.
    pub(super) fn charge(&self) {
        let mut state = self.lock();
        if let Err(violation) = state.guard.charge(Instant::now) {
            state.violation = Some(violation);
        }
    }

    /// Tells the client why the connection ends, with the last frame that there is. hyper must not write
    /// any more. If it has left half a frame, the client does not read, and is not told.
    pub(super) fn go_away(&self, code: u32, why: &str) {
        let state = self.lock();
        if state.guard.may_follow() {
            let frame = go_away(state.guard.last_stream(), code, why);
            self.transport.lock().append(&frame);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a GOAWAY frame; RFC 9113, section 6.8.
pub(super) fn go_away(last_stream: u32, code: u32, why: &str) -> Vec<u8> {
    let head = FrameHead {
        length: 8 + why.len() as u32,
        kind: kind::GOAWAY,
        flags: 0,
        stream: 0,
    };
    let mut frame = head.to_bytes().to_vec();
    frame.extend_from_slice(&last_stream.to_be_bytes());
    frame.extend_from_slice(&code.to_be_bytes());
    frame.extend_from_slice(why.as_bytes());
    frame
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.transport).poll_read(cx, buffer))?;
        let mut state = self.lock();
        let received = &buffer.filled()[before..];
        if let Err(violation) = state.guard.receive(received, Instant::now) {
            state.violation = Some(violation);
        }
        match state.violation {
            // None of it is for hyper, which would answer.
            Some(_) => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.transport).poll_write(cx, bytes))?;
        self.lock().guard.send(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.transport).poll_write_vectored(cx, slices))?;
        let mut state = self.lock();
        let mut left = written;
        for slice in slices {
            let taken = left.min(slice.len());
            state.guard.send(&slice[..taken]);
            left -= taken;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}
