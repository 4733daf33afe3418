use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lines on their way to the thread that writes them. A lock is held for the time of a push, never while something is
/// written.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something for the writer.
    filled: Condvar,
    /// Something was written.
    emptied: Condvar,
}

#[derive(Debug)]
struct State {
    lines: Vec<String>,
    /// Of the lines above, and of those that are just written.
    bytes: usize,
    limit: usize,
    /// How many lines were let in, ever.
    accepted: u64,
    /// How many of those are no longer here.
    done: u64,
    /// How many were not let in since that was last said.
    dropped: u64,
    /// How many were not let in or not written, ever.
    lost: u64,
    closed: bool,
}

impl State {
    /// Returns whether there is nothing to be written, or to be said.
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.dropped == 0
    }
}

/// What there is to be written.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) lines: Vec<String>,
    bytes: usize,
    /// How many were dropped, because there was no room.
    pub(super) dropped: u64,
}

const LIMIT: usize = 1 << 20;

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                lines: Vec::new(),
                bytes: 0,
                limit: LIMIT,
                accepted: 0,
                done: 0,
                dropped: 0,
                lost: 0,
                closed: false,
            }),
            filled: Condvar::new(),
            emptied: Condvar::new(),
        }
    }

    pub(super) fn limit(&self, bytes: usize) {
        self.state().limit = bytes;
    }

    pub(super) fn push(&self, line: String) {
        let mut state = self.state();
        if state.is_empty() {
            self.filled.notify_one();
        }
        let bytes = state.bytes.saturating_add(line.len());
        if bytes > state.limit {
            state.dropped += 1;
            state.lost += 1;
            return;
        }
        state.bytes = bytes;
        state.accepted += 1;
        state.lines.push(line);
    }

    /// Gives the last batch back, which is written, and waits for another. Returns `None` at the end.
    pub(super) fn take(&self, last: &Batch) -> Option<Batch> {
        let mut state = self.state();
        state.bytes -= last.bytes;
        state.done += last.lines.len() as u64;
        self.emptied.notify_all();
        let waited = self
            .filled
            .wait_while(state, |state| state.is_empty() && !state.closed);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        (!state.is_empty()).then(|| Batch {
            lines: std::mem::take(&mut state.lines),
            bytes: state.bytes,
            dropped: std::mem::take(&mut state.dropped),
        })
    }

    /// Waits until what was let in so far is written, and returns whether it is.
    pub(super) fn flush(&self, patience: Duration) -> bool {
        let state = self.state();
        let accepted = state.accepted;
        let waited = self
            .emptied
            .wait_timeout_while(state, patience, |state| state.done < accepted);
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
