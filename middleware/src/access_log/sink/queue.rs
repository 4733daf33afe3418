use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lines on their way to the thread that writes them. A lock is held for the time of a push, never while something is
/// written.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something for the writer.
    filled: Condvar,
    /// Everything is written.
    idle: Condvar,
}

#[derive(Debug)]
struct State {
    lines: Vec<String>,
    /// Of the lines above, and of those that are just written.
    bytes: usize,
    taken: usize,
    limit: usize,
    /// Since that was last said.
    dropped: u64,
    lost: u64,
    busy: bool,
    closed: bool,
}

/// What there was to be written.
pub(super) struct Batch {
    pub(super) lines: Vec<String>,
    /// How many were dropped before these, or after, because there was no room.
    pub(super) dropped: u64,
}

const LIMIT: usize = 1 << 20;

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                lines: Vec::new(),
                bytes: 0,
                taken: 0,
                limit: LIMIT,
                dropped: 0,
                lost: 0,
                busy: true,
                closed: false,
            }),
            filled: Condvar::new(),
            idle: Condvar::new(),
        }
    }

    pub(super) fn limit(&self, bytes: usize) {
        self.state().limit = bytes;
    }

    pub(super) fn push(&self, line: String) {
        let mut state = self.state();
        let bytes = state.bytes.saturating_add(line.len());
        if bytes > state.limit {
            state.dropped += 1;
            state.lost += 1;
            return;
        }
        state.bytes = bytes;
        state.lines.push(line);
        if state.lines.len() == 1 {
            self.filled.notify_one();
        }
    }

    /// Says that what was taken last is written, and waits for more. Returns `None` at the end.
    pub(super) fn take(&self) -> Option<Batch> {
        let mut state = self.state();
        state.bytes -= std::mem::take(&mut state.taken);
        state.busy = false;
        let nothing = |state: &mut State| state.lines.is_empty() && state.dropped == 0;
        if nothing(&mut state) {
            self.idle.notify_all();
        }
        let waited = self
            .filled
            .wait_while(state, |state| nothing(state) && !state.closed);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if nothing(&mut state) {
            return None;
        }
        state.busy = true;
        state.taken = state.bytes;
        Some(Batch {
            lines: std::mem::take(&mut state.lines),
            dropped: std::mem::take(&mut state.dropped),
        })
    }

    /// Waits until everything is written, and returns whether it is.
    pub(super) fn flush(&self, patience: Duration) -> bool {
        let unwritten =
            |state: &mut State| state.busy || !state.lines.is_empty() || state.dropped > 0;
        let waited = self
            .idle
            .wait_timeout_while(self.state(), patience, unwritten);
        let waited = waited.unwrap_or_else(PoisonError::into_inner);
        !waited.1.timed_out()
    }

    /// The writer ends when everything is written.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.filled.notify_one();
    }

    /// Counts lines that could not be written.
    pub(super) fn lose(&self, lines: usize) {
        self.state().lost += lines as u64;
    }

    pub(super) fn lost(&self) -> u64 {
        self.state().lost
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
