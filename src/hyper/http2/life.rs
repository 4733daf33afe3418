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
    /// When the last stream was seen to be open, or to have ended since.
    active: Instant,
    /// Whether one was open at the last look.
    was_active: bool,
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
            was_active: false,
            farewell: None,
        }
    }

    /// Looks at the connection.
    pub(super) fn look(&mut self, now: Instant, sight: Sight) -> Verdict {
        let is_active = sight.open.streams > 0 || sight.is_sending;
        // What ended since the last look, which may be long ago, ended just now.
        let was_active = std::mem::replace(&mut self.was_active, is_active);
        if is_active || was_active || sight.requests != self.requests {
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

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const CLOSE: Verdict = Verdict::Close;
    const GOODBYE: Verdict = Verdict::Goodbye;

    /// Half a minute for a head, ten seconds without a request, and no age.
    fn limits() -> Limits {
        Limits::default()
            .with_request_head_timeout(Some(30 * SECOND))
            .with_keep_alive_timeout(Some(10 * SECOND))
            .with_max_connection_age(None)
    }

    fn new(limits: &Limits, now: Instant) -> Life {
        let head = limits.request_head_timeout().map(|timeout| now + timeout);
        Life::new(limits, head, Age::new(limits), now)
    }

    /// Returns a life with its first request answered.
    fn used(limits: &Limits, now: Instant) -> Life {
        let mut life = new(limits, now);
        life.look(now, answered(1));
        life
    }

    fn answered(requests: u64) -> Sight {
        Sight {
            requests,
            ..Sight::default()
        }
    }

    fn open(streams: usize, upgraded: usize) -> Sight {
        Sight {
            open: Open { streams, upgraded },
            requests: 1,
            ..Sight::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_head_has_a_time_and_idleness_begins_behind_it() {
        let now = Instant::now();
        let mut life = new(&limits(), now);
        let until = |seconds| Verdict::Until(Some(now + seconds * SECOND));
        assert_eq!(life.look(now, Sight::default()), until(30));
        assert_eq!(life.look(now + 29 * SECOND, Sight::default()), until(30));
        let late = life.look(now + 30 * SECOND, Sight::default());
        assert_eq!(late, Verdict::Cut(Reason::RequestHeadTimeout));

        let mut life = new(&limits(), now);
        assert_eq!(life.look(now + 29 * SECOND, answered(1)), until(39));
        assert_eq!(life.look(now + 38 * SECOND, answered(1)), until(39));
        assert_eq!(life.look(now + 39 * SECOND, answered(1)), GOODBYE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_header_block_that_began_has_to_end() {
        let now = Instant::now();
        let mut life = used(&limits(), now);
        let begun = |block| Sight {
            open_block: Some(block),
            ..open(1, 0)
        };
        life.look(now + SECOND, begun(1));
        // Another one has its own time, and one that ended has none.
        life.look(now + 30 * SECOND, begun(2));
        life.look(now + 59 * SECOND, begun(2));
        let mut ended = used(&limits(), now);
        ended.look(now, begun(1));
        ended.look(now + 29 * SECOND, open(1, 0));
        let much_later = now + 60 * SECOND;
        let late = life.look(much_later, begun(2));
        assert_eq!(late, Verdict::Cut(Reason::RequestHeadTimeout));
        assert!(matches!(
            ended.look(much_later, open(1, 0)),
            Verdict::Until(_)
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_a_stream_or_is_sent_something_is_not_idle() {
        let now = Instant::now();
        let mut life = used(&limits(), now);
        let sending = Sight {
            is_sending: true,
            ..answered(1)
        };
        for (seconds, sight) in [(9, open(1, 0)), (18, sending), (27, answered(2))] {
            let verdict = life.look(now + seconds * SECOND, sight);
            let idle = now + (seconds + 10) * SECOND;
            assert_eq!(verdict, Verdict::Until(Some(idle)), "after {seconds} s");
        }
        assert_eq!(life.look(now + 37 * SECOND, answered(2)), GOODBYE);
    }

    #[tokio::test(start_paused = true)]
    async fn idleness_begins_where_the_last_stream_ends_however_long_it_was_open() {
        let now = Instant::now();
        let mut life = used(&limits(), now);
        life.look(now, open(1, 0));
        let ended = now + 9 * SECOND;
        let idle = Verdict::Until(Some(ended + 10 * SECOND));
        assert_eq!(life.look(ended, answered(1)), idle);
        assert_eq!(life.look(ended + 9 * SECOND, answered(1)), idle);
        assert_eq!(life.look(ended + 10 * SECOND, answered(1)), GOODBYE);
    }

    #[tokio::test(start_paused = true)]
    async fn goodbye_is_said_once_and_what_is_in_flight_is_waited_for() {
        let now = Instant::now();
        let stops = |sight| Sight {
            stops: true,
            ..sight
        };
        let mut life = used(&limits(), now);
        assert_eq!(life.look(now, stops(open(1, 0))), GOODBYE);
        for seconds in [1, 100, 200] {
            let now = now + seconds * SECOND;
            let verdict = life.look(now, stops(open(1, 0)));
            assert_eq!(verdict, Verdict::Until(Some(now + FAREWELL)));
        }
        let end = now + 200 * SECOND + FAREWELL;
        let last = life.look(now + 200 * SECOND, stops(answered(1)));
        assert_eq!(last, Verdict::Until(Some(end)));
        assert_eq!(life.look(end, stops(answered(1))), CLOSE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_may_have_so_many_requests() {
        let now = Instant::now();
        let mut life = new(&limits().with_max_requests_per_connection(Some(2)), now);
        assert_ne!(life.look(now, answered(1)), GOODBYE);
        assert_eq!(life.look(now, answered(2)), GOODBYE);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_taken_in_time_is_cut_unless_all_streams_left_http() {
        let now = Instant::now();
        let late = |open| Sight {
            due: Some(now),
            ..open
        };
        for (streams, upgraded, is_cut) in [(0, 0, true), (1, 0, true), (2, 1, true), (1, 1, false)]
        {
            let mut life = used(&limits(), now);
            let verdict = life.look(now, late(open(streams, upgraded)));
            let cut = verdict == Verdict::Cut(Reason::MinResponseRate);
            assert_eq!(cut, is_cut, "{streams} streams, {upgraded} upgraded");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn at_its_age_it_says_goodbye_and_behind_the_grace_it_is_cut() {
        let limits = limits()
            .with_max_connection_age(Some(100 * SECOND))
            .with_max_connection_age_grace(Some(20 * SECOND));
        for (upgraded, is_cut) in [(0, true), (1, false)] {
            let begin = Instant::now();
            let mut life = used(&limits, begin);
            // Give or take a tenth.
            tokio::time::advance(89 * SECOND).await;
            assert!(matches!(
                life.look(Instant::now(), open(1, upgraded)),
                Verdict::Until(Some(_))
            ));
            tokio::time::advance(22 * SECOND).await;
            assert_eq!(life.look(Instant::now(), open(1, upgraded)), GOODBYE);
            tokio::time::advance(19 * SECOND).await;
            let within = life.look(Instant::now(), open(1, upgraded));
            assert!(matches!(within, Verdict::Until(Some(_))), "{within:?}");
            tokio::time::advance(SECOND).await;
            let cut = Verdict::Cut(Reason::MaxConnectionAge);
            let is_so = life.look(Instant::now(), open(1, upgraded)) == cut;
            assert_eq!(is_so, is_cut, "{upgraded} of 1 upgraded");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_it_waits_for_something_to_happen() {
        let now = Instant::now();
        let limits = limits()
            .with_request_head_timeout(None)
            .with_keep_alive_timeout(None);
        let mut life = new(&limits, now);
        for sight in [Sight::default(), open(1, 0), answered(1)] {
            assert_eq!(life.look(now, sight), Verdict::Until(None));
        }
    }
}
