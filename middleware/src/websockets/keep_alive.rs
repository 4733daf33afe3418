use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::watched::Traffic;

/// When to ask a silent client whether it is there, and when to give it up.
pub(super) struct KeepAlive {
    /// `None`: never.
    interval: Option<Duration>,
    timeout: Option<Duration>,
    sleep: Pin<Box<Sleep>>,
    phase: Phase,
    /// When the phase began, or something went over the wire that prolongs it.
    since: Instant,
    seen: Traffic,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// There was a sign of life, and the interval runs.
    Quiet,
    /// A ping waits behind what is written before it. That may be much, and slow: it has to move.
    Sending,
    /// The ping is on its way.
    Waiting,
}

/// What a client's silence calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    Ping,
    GiveUp,
}

impl KeepAlive {
    pub(super) fn new(interval: Option<Duration>, timeout: Option<Duration>) -> Self {
        Self {
            interval,
            timeout,
            sleep: Box::pin(sleep(interval.unwrap_or(Duration::MAX))),
            phase: Phase::Quiet,
            since: Instant::now(),
            seen: Traffic::default(),
        }
    }

    /// Says that all is on its way that was written.
    pub(super) fn flushed(&mut self) {
        match (self.phase, self.timeout) {
            (Phase::Sending, Some(_)) => self.enter(Phase::Waiting),
            (Phase::Sending, None) => self.enter(Phase::Quiet),
            _ => {}
        }
    }

    /// Ready when something is to be done. Nobody is given up of whom nothing is read.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        traffic: Traffic,
        is_read: bool,
    ) -> Poll<Silence> {
        let Some(interval) = self.interval else {
            return Poll::Pending;
        };
        let heard = traffic.read != self.seen.read;
        let moved = traffic.written != self.seen.written;
        self.seen = traffic;
        if heard {
            self.enter(Phase::Quiet);
        } else if moved && self.phase == Phase::Sending {
            self.enter(Phase::Sending);
        }
        loop {
            let patience = match (self.phase, self.timeout) {
                (Phase::Quiet, _) | (_, None) => interval,
                (_, Some(timeout)) => timeout,
            };
            let Some(due) = self.since.checked_add(patience) else {
                return Poll::Pending;
            };
            if due < self.sleep.deadline() {
                self.sleep.as_mut().reset(due);
            }
            ready!(self.sleep.as_mut().poll(cx));
            if Instant::now() < due {
                // It was set before the last sign of life.
                self.sleep.as_mut().reset(due);
            } else if self.phase == Phase::Quiet {
                self.enter(Phase::Sending);
                return Poll::Ready(Silence::Ping);
            } else if self.timeout.is_some() && is_read {
                return Poll::Ready(Silence::GiveUp);
            } else {
                self.enter(Phase::Quiet);
            }
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const INTERVAL: Duration = Duration::from_secs(30);
    const TIMEOUT: Duration = Duration::from_secs(20);

    struct Clock {
        keep_alive: KeepAlive,
        traffic: Traffic,
        is_read: bool,
        began: Instant,
    }

    impl Clock {
        fn new(timeout: Option<Duration>) -> Self {
            Self {
                keep_alive: KeepAlive::new(Some(INTERVAL), timeout),
                traffic: Traffic::default(),
                is_read: true,
                began: Instant::now(),
            }
        }

        /// Returns what is due next, and after how many seconds.
        async fn next(&mut self) -> (Silence, u64) {
            let due = poll_fn(|cx| self.keep_alive.poll(cx, self.traffic, self.is_read)).await;
            (due, self.began.elapsed().as_secs())
        }

        /// Waits, during which nothing is due.
        async fn quiet(&mut self, seconds: u64) {
            let due = tokio::time::timeout(Duration::from_secs(seconds), self.next()).await;
            assert!(due.is_err(), "{due:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_asked_and_then_given_up() {
        let mut clock = Clock::new(Some(TIMEOUT));
        assert_eq!(clock.next().await, (Silence::Ping, 30));
        clock.keep_alive.flushed();
        assert_eq!(clock.next().await, (Silence::GiveUp, 50));
    }

    #[tokio::test(start_paused = true)]
    async fn every_byte_is_a_sign_of_life() {
        let mut clock = Clock::new(Some(TIMEOUT));
        for _ in 0..3 {
            clock.quiet(29).await;
            clock.traffic.read += 1;
        }
        assert_eq!(clock.next().await, (Silence::Ping, 117));
        clock.keep_alive.flushed();
        clock.quiet(19).await;
        clock.traffic.read += 1;
        assert_eq!(clock.next().await, (Silence::Ping, 166));
    }

    #[tokio::test(start_paused = true)]
    async fn a_ping_behind_a_long_message_has_time_while_that_moves() {
        let mut clock = Clock::new(Some(TIMEOUT));
        assert_eq!(clock.next().await, (Silence::Ping, 30));
        for _ in 0..5 {
            clock.quiet(19).await;
            clock.traffic.written += 1;
        }
        assert_eq!(clock.next().await, (Silence::GiveUp, 145));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_after_the_ping_says_nothing_of_the_client() {
        let mut clock = Clock::new(Some(TIMEOUT));
        assert_eq!(clock.next().await, (Silence::Ping, 30));
        clock.keep_alive.flushed();
        clock.quiet(19).await;
        clock.traffic.written += 1;
        assert_eq!(clock.next().await, (Silence::GiveUp, 50));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_given_up_who_is_not_read_or_has_no_timeout() {
        let mut clock = Clock::new(Some(TIMEOUT));
        clock.is_read = false;
        assert_eq!(clock.next().await, (Silence::Ping, 30));
        clock.keep_alive.flushed();
        assert_eq!(clock.next().await, (Silence::Ping, 80));
        let mut clock = Clock::new(None);
        assert_eq!(clock.next().await, (Silence::Ping, 30));
        clock.keep_alive.flushed();
        assert_eq!(clock.next().await, (Silence::Ping, 60));
    }

    #[tokio::test(start_paused = true)]
    async fn times_that_never_come_are_no_error() {
        let mut clock = Clock::new(Some(Duration::MAX));
        assert_eq!(clock.next().await, (Silence::Ping, 30));
        clock.quiet(1_000_000).await;
        clock.keep_alive = KeepAlive::new(Some(Duration::MAX), None);
        clock.quiet(1_000_000).await;
        clock.keep_alive = KeepAlive::new(None, Some(TIMEOUT));
        clock.quiet(1_000_000).await;
    }
}
