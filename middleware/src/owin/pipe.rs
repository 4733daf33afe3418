use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use transom::Body;

/// What stands between who writes the body of a response and the server that reads it: room for one piece.
#[derive(Default)]
pub(super) struct Pipe(Mutex<State>);

#[derive(Default)]
struct State {
    piece: Option<Piece>,
    /// Somebody wrote: the head is to be sent.
    started: bool,
    /// Nobody reads any more.
    closed: bool,
    reader: Option<Waker>,
    writers: Vec<Waker>,
}

pub(super) enum Piece {
    Data(Bytes),
    /// All that the rest of the pipeline answers. It does not start the response.
    Whole(Body),
}

impl Pipe {
    /// Puts a piece in, when there is room for it. Data `starts` the response.
    pub(super) fn poll_put(
        &self,
        cx: &mut Context<'_>,
        starts: bool,
        piece: impl FnOnce() -> Option<Piece>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        if state.closed {
            return Poll::Ready(Err(closed()));
        }
        // What waits for room has to see the response begin.
        if starts || state.piece.is_some() {
            state.start();
        }
        if state.piece.is_some() {
            state.wait_for_room(cx);
            return Poll::Pending;
        }
        state.piece = piece();
        state.wake_reader();
        Poll::Ready(Ok(()))
    }

    /// Starts the response; ready once what was put in is on its way.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        if state.closed {
            return Poll::Ready(Err(closed()));
        }
        state.start();
        if state.piece.is_some() {
            state.wait_for_room(cx);
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn is_filled(&self) -> bool {
        self.lock().piece.is_some()
    }

    pub(super) fn is_started(&self) -> bool {
        self.lock().started
    }

    /// As [`is_started`](Self::is_started), and wakes the caller when it changes.
    pub(super) fn poll_started(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        state.reader = Some(cx.waker().clone());
        match state.started {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Takes the piece that there is; without one the caller is woken when there is.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Piece> {
        let mut state = self.lock();
        match state.take() {
            Some(piece) => Poll::Ready(piece),
            None => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    pub(super) fn take(&self) -> Option<Piece> {
        self.lock().take()
    }

    /// Says that nobody reads any more: whoever writes is told so.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let dropped = state.take();
        drop(state);
        drop(dropped);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn start(&mut self) {
        if !self.started {
            self.started = true;
            self.wake_reader();
        }
    }

    fn take(&mut self) -> Option<Piece> {
        for writer in self.writers.drain(..) {
            writer.wake();
        }
        self.piece.take()
    }

    fn wait_for_room(&mut self, cx: &Context<'_>) {
        let known = |writer: &Waker| writer.will_wake(cx.waker());
        if !self.writers.iter().any(known) {
            self.writers.push(cx.waker().clone());
        }
    }

    fn wake_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

fn closed() -> io::Error {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        "the response is over: its client is gone, or the function that was to write it has ended",
    )
}
