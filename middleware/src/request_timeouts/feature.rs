use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::Instant;
use transom::Feature;

use super::policy::Policy;

/// The time that a request has; a handler may take it off, or set another. See the [module](super).
///
/// A clone is a handle of the same request.
#[doc(alias = "IHttpRequestTimeoutFeature")]
#[derive(Clone)]
pub struct RequestTimeout(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Who waits for the deadline, and has to hear of another.
    waits: AtomicWaker,
}

#[derive(Debug)]
struct State {
    policy: Policy,
    deadline: Option<Instant>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Runs,
    Elapsed,
    /// It was answered in time.
    Over,
}

impl RequestTimeout {
    pub(super) fn new(policy: Policy) -> Self {
        let state = Mutex::new(State {
            policy,
            deadline: policy.timeout.and_then(from_now),
            phase: Phase::Runs,
        });
        let waits = AtomicWaker::new();
        Self(Arc::new(Shared { state, waits }))
    }

    /// Gives the request any time. Returns whether it is in time: `false` if its time was over before, or its
    /// response has begun.
    #[doc(alias = "DisableTimeout")]
    pub fn disable(&self) -> bool {
        self.change(|state| state.deadline = None)
    }

    /// Gives the request this time from now on, in place of what it had. Returns whether it is in time, as
    /// [`disable`](Self::disable) does.
    pub fn replace(&self, timeout: Duration) -> bool {
        self.change(|state| state.deadline = from_now(timeout))
    }

    /// Returns the time that is left; `None` if the request has any.
    pub fn remaining(&self) -> Option<Duration> {
        let deadline = self.state().deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// Returns whether the time is over: whether it was this that ended the request's
    /// [`RequestLifetime`](transom::features::RequestLifetime), and not a client that went away.
    pub fn is_elapsed(&self) -> bool {
        self.state().phase == Phase::Elapsed
    }

    /// Puts a branch's policy in place of what was. Returns whether it is in time.
    pub(super) fn adopt(&self, policy: Policy) -> bool {
        self.change(|state| {
            state.policy = policy;
            state.deadline = policy.timeout.and_then(from_now);
        })
    }

    pub(super) fn policy(&self) -> Policy {
        self.state().policy
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.state().deadline
    }

    /// Makes a change of the deadline wake the task.
    pub(super) fn register(&self, waker: &Waker) {
        self.0.waits.register(waker);
    }

    /// Says that the deadline is there. Returns whether it is still that one.
    pub(super) fn elapse(&self, deadline: Instant) -> bool {
        let mut state = self.state();
        let same = state.deadline == Some(deadline);
        if same {
            state.phase = Phase::Elapsed;
        }
        same
    }

    /// Says that nothing is timed any more.
    pub(super) fn end(&self) {
        let mut state = self.state();
        if state.phase == Phase::Runs {
            state.phase = Phase::Over;
            state.deadline = None;
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) -> bool {
        let mut state = self.state();
        if state.phase != Phase::Runs {
            return false;
        }
        change(&mut state);
        drop(state);
        self.0.waits.wake();
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feature for RequestTimeout {
    const NAME: &'static str = "request.timeout";
}

impl fmt::Debug for RequestTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestTimeout")
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}

fn from_now(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
