//! One direction of a connection in memory.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::ReadBuf;

/// Bytes from one end to the other, of which so many may wait to be read. One task reads, and one writes.
pub(super) struct Pipe {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    /// Nothing more is written.
    ended: bool,
    /// Nothing more is read: what is written is lost.
    deaf: bool,
    /// One of the ends broke the connection.
    reset: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::default(),
        }
    }

    /// Ready if there is something to read, be it the end.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().poll_readable(cx)
    }

    /// Reads; nothing at the end.
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        std::task::ready!(state.poll_readable(cx))?;
        let before = into.remaining();
        let (first, second) = state.bytes.as_slices();
        for piece in [first, second] {
            into.put_slice(&piece[..piece.len().min(into.remaining())]);
        }
        let read = before - into.remaining();
        state.bytes.drain(..read);
        if state.bytes.is_empty() {
            // A connection that rests holds no buffer.
            state.bytes = VecDeque::new();
        }
        wake(state.writer.take(), state);
        Poll::Ready(Ok(()))
    }

    /// Writes what there is room for.
    pub(super) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.lock();
        if state.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if state.deaf || state.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let mut room = self.capacity - state.bytes.len();
        if room == 0 {
            remember(&mut state.writer, cx);
            return Poll::Pending;
        }
        let mut written = 0;
        for slice in slices {
            let piece = &slice[..slice.len().min(room)];
            state.bytes.extend(piece);
            written += piece.len();
            room -= piece.len();
        }
        wake(state.reader.take(), state);
        Poll::Ready(Ok(written))
    }

    /// Ends it behind what was written.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        wake_both(state);
    }

    /// Reads nothing more. Returns whether something was left to be read.
    pub(super) fn stop_reading(&self) -> bool {
        let mut state = self.lock();
        state.deaf = true;
        let lost = !std::mem::take(&mut state.bytes).is_empty();
        wake(state.writer.take(), state);
        lost
    }

    /// Breaks it behind what was written.
    pub(super) fn reset(&self) {
        let mut state = self.lock();
        state.reset = true;
        wake_both(state);
    }

    /// Returns whether nobody will read what is written.
    pub(super) fn is_deaf(&self) -> bool {
        let state = self.lock();
        state.deaf || state.reset
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.bytes.is_empty() {
            return Poll::Ready(Ok(()));
        }
        if self.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if self.ended || self.deaf {
            return Poll::Ready(Ok(()));
        }
        remember(&mut self.reader, cx);
        Poll::Pending
    }
}

fn remember(waker: &mut Option<Waker>, cx: &Context<'_>) {
    match waker {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *waker = Some(cx.waker().clone()),
    }
}

fn wake_both(mut state: MutexGuard<'_, State>) {
    let reader = state.reader.take();
    wake(state.writer.take(), state);
    reader.into_iter().for_each(Waker::wake);
}

/// Wakes whoever waits, outside of the lock.
fn wake(waker: Option<Waker>, state: MutexGuard<'_, State>) {
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
