//! When a connection has to end.

use std::time::Duration;

use tokio::time::Instant;

use super::streams::Open;
use crate::hyper::connection::{Age, Reason};
use crate::hyper::options::Limits;

/// How long a client without requests may take to see that the server goes away.
const FAREWELL: Duration = Duration::from_secs(1);

/// Tells when a connection has to end, from what is seen of it. It reads no clock and waits for nothing.
pub(super) struct Life {
    head_timeout: Option<Duration>,
    keep_alive: Option<Duration>,
    max_requests: Option<u64>,
    /// When the head of the first request has to be there; `None` once it is.
    first_head: Option<Instant>,
    age: Age,
    /// The header block that is not whole, and when it has to be.
    block: Option<(u64, Option<Instant>)>,
    requests: u64,
    /// When a stream was last seen to be open.
    active: Instant,
    /// When the connection closes that has been told to go, if nothing more happens on it.
    farewell: Option<Instant>,
}

/// What is seen of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sight {
    pub(super) open: Open,
    /// Whether what was written waits for the client to take it.
    pub(super) is_sending: bool,
    /// How many requests the service was called with.
    pub(super) requests: u64,
    /// Which header block it is that began and is not whole.
    pub(super) open_block: Option<u64>,
    /// Whether the server shall stop.
    pub(super) stops: bool,
    /// When the client has to have taken what waits for it.
    pub(super) due: Option<Instant>,
}

/// What to do about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To look again at that time, or when something happens.
    Until(Option<Instant>),
    /// To tell the client that no more requests are taken, and to answer those that are in flight.
    Goodbye,
    /// To close: it was told so, and has nothing in flight.
    Close,
    /// To end it at once, whatever is in flight.
    Cut(Reason),
}

impl Life {
    pub(super) fn new(
        limits: &Limits,
        first_head: Option<Instant>,
        age: Age,
        now: Instant,
    ) -> Self {
        Self {
            head_timeout: limits.request_head_timeout(),
            keep_alive: limits.keep_alive_timeout(),
            max_requests: limits.max_requests_per_connection(),
            first_head,
            age,
            block: None,
            requests: 0,
            active: now,
            farewell: None,
        }
    }

    /// Looks at the connection.
    pub(super) fn look(&mut self, now: Instant, sight: Sight) -> Verdict {
        let is_active = sight.open.streams > 0 || sight.is_sending;
        if is_active || sight.requests != self.requests {
            self.active = now;
        }
        self.requests = sight.requests;
        if self.requests > 0 {
            self.first_head = None;
        }
        self.look_at_block(now, sight.open_block);

        let block_due = self.block.and_then(|(_, due)| due);
        if has_come(now, self.first_head) || has_come(now, block_due) {
            return Verdict::Cut(Reason::RequestHeadTimeout);
        }
        // Whoever speaks another protocol on its stream has times of its own.
        let is_http = sight.open.streams > sight.open.upgraded || sight.open.upgraded == 0;
        let due = sight.due.filter(|_| is_http);
        if has_come(now, due) {
            return Verdict::Cut(Reason::MinResponseRate);
        }
        if has_come(now, self.age.deadline()) && self.age.pass() && is_http {
            return Verdict::Cut(Reason::MaxConnectionAge);
        }
        let dues = [due, self.first_head, block_due, self.age.deadline()];
        let until = |last| Verdict::Until(dues.into_iter().chain([last]).flatten().min());

        let Some(farewell) = &mut self.farewell else {
            let idle_until = (self.keep_alive)
                .filter(|_| self.first_head.is_none())
                .and_then(|keep_alive| self.active.checked_add(keep_alive));
            let is_idle = !is_active && has_come(now, idle_until);
            let is_full = self.max_requests.is_some_and(|max| sight.requests >= max);
            if sight.stops || self.age.is_reached() || is_full || is_idle {
                self.farewell = Some(now + FAREWELL);
                return Verdict::Goodbye;
            }
            return until(idle_until);
        };
        if is_active {
            *farewell = now + FAREWELL;
        } else if *farewell <= now {
            return Verdict::Close;
        }
        until(Some(*farewell))
    }

    fn look_at_block(&mut self, now: Instant, open: Option<u64>) {
        let known = self.block.map(|(block, _)| block);
        if open != known {
            let due = || {
                self.head_timeout
                    .and_then(|timeout| now.checked_add(timeout))
            };
            self.block = open.map(|block| (block, due()));
        }
    }
}

fn has_come(now: Instant, due: Option<Instant>) -> bool {
    due.is_some_and(|due| due <= now)
}
