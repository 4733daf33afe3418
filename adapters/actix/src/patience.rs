//! How long a client of HTTP/1 may take between its first request and its last.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::link::Link;

/// The times of a connection, and the one timer for them. The engine has one for the first head alone, and one for
/// idle connections, which it arms and disarms with each request.
///
/// The timer is touched when it fires, and not with each request: it is armed for the shorter of the times, and looks
/// then at what the connection waits for.
pub(crate) struct Patience {
    /// From the first byte of the second head, and of each after it, to its end; zero for no limit.
    head: Duration,
    /// From a response to the next head; zero where connections are not kept.
    keep_alive: Duration,
    /// How many requests there were when a head began, and when that was.
    begun: Option<(u64, Instant)>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// What a client was too slow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expired {
    /// It did not end its head.
    Head,
    /// It did not begin another.
    Idle,
}

impl Patience {
    pub(crate) fn new(head: Duration, keep_alive: Duration) -> Self {
        Self {
            head,
            keep_alive,
            begun: None,
            timer: None,
        }
    }

    /// Notes that the engine was given bytes. Without a request in flight they are a head that has begun,
    /// or what is left of a body that nobody wanted: both have to end in time.
    pub(crate) fn begin_head(&mut self, link: &Link) {
        let requests = link.requests();
        let is_new = self.begun.is_none_or(|(before, _)| before != requests);
        if is_new && !self.head.is_zero() && link.idle_since().is_some() {
            self.begun = Some((requests, Instant::now()));
        }
    }

    /// Waits until the client was too slow.
    pub(crate) fn poll(&mut self, link: &Link, cx: &mut Context<'_>) -> Poll<Expired> {
        let times = [self.head, self.keep_alive].into_iter();
        let Some(shortest) = times.filter(|time| !time.is_zero()).min() else {
            return Poll::Pending;
        };
        match &self.timer {
            // Whoever polls it is always the task of the connection, which it wakes already.
            Some(timer) if !timer.is_elapsed() => return Poll::Pending,
            Some(_) => {}
            None => self.timer = Some(Box::pin(sleep_until(Instant::now() + shortest))),
        }
        while let Some(timer) = &mut self.timer {
            ready!(timer.as_mut().poll(cx));
            let now = Instant::now();
            let deadline = match (self.begun, link.idle_since()) {
                (Some((requests, since)), Some(_)) if requests == link.requests() => {
                    Some((since + self.head, Expired::Head))
                }
                (_, Some(since)) if !self.keep_alive.is_zero() => {
                    Some((since + self.keep_alive, Expired::Idle))
                }
                _ => None,
            };
            let look = now + shortest;
            match deadline {
                Some((deadline, expired)) if deadline <= now => return Poll::Ready(expired),
                Some((deadline, _)) => timer.as_mut().reset(deadline.min(look)),
                None => timer.as_mut().reset(look),
            }
        }
        Poll::Pending
    }
}
