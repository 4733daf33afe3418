//! How long a client may take until it has asked.

use std::time::Duration;

use tokio::time::Instant;

use super::Exchange;
use crate::hyper::connection::Reason;
use crate::hyper::options::Limits;

/// How long a connection is idle until it goes to sleep: long enough that one in use never does.
const SLEEP: Duration = Duration::from_secs(2);

/// Watches over the time between requests: how long a connection is idle, and how long a head takes.
///
/// Asked whenever the connection waits. Both times begin then, and not when a byte comes: a head that
/// arrives whole asks for no time.
pub(super) struct Clock {
    head_timeout: Option<Duration>,
    keep_alive_timeout: Option<Duration>,
    phase: Phase,
    deadline: Option<Instant>,
    /// When an idle connection goes to sleep.
    sleep: Option<Instant>,
    /// How many requests there were when the phase began.
    requests: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before the first request.
    Opening,
    /// A request is in flight, or what it left is read.
    Busy,
    Idle,
    /// A head has begun.
    Head,
}

impl Clock {
    /// `head_deadline` is that of the first head, which began with the connection.
    pub(super) fn new(limits: &Limits, head_deadline: Option<Instant>) -> Self {
        Self {
            head_timeout: limits.request_head_timeout(),
            keep_alive_timeout: limits.keep_alive_timeout(),
            phase: Phase::Opening,
            deadline: head_deadline,
            sleep: None,
            requests: 0,
        }
    }

    /// Returns when the client has taken too long, and for what. `begun` says that there is a head that is not
    /// whole.
    #[inline]
    pub(super) fn deadline(
        &mut self,
        exchange: &Exchange,
        busy: bool,
        begun: bool,
    ) -> (Option<Instant>, Reason) {
        let requests = exchange.requests();
        let phase = match self.phase {
            _ if busy => Phase::Busy,
            _ if requests != self.requests => Phase::Idle,
            Phase::Busy => Phase::Idle,
            Phase::Idle if begun => Phase::Head,
            same => same,
        };
        if phase != self.phase || requests != self.requests {
            let timeout = match phase {
                Phase::Idle => self.keep_alive_timeout,
                Phase::Head => self.head_timeout,
                Phase::Busy | Phase::Opening => None,
            };
            self.phase = phase;
            self.requests = requests;
            (self.deadline, self.sleep) = (None, None);
            if matches!(phase, Phase::Idle | Phase::Head) {
                let now = Instant::now();
                self.deadline = timeout.map(|timeout| now + timeout);
                self.sleep = (phase == Phase::Idle).then(|| now + SLEEP);
            }
        }
        let reason = match phase {
            Phase::Idle => Reason::KeepAliveTimeout,
            _ => Reason::RequestHeadTimeout,
        };
        (self.deadline, reason)
    }

    /// Returns when a connection that is idle, and whose deadline was asked for, is better put to sleep.
    #[inline]
    pub(super) fn sleep(&self) -> Option<Instant> {
        self.sleep
    }
}
