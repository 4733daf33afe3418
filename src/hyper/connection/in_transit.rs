//! The data of responses between the application and the socket.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::time::Instant;

use crate::hyper::options::MinDataRate;

/// The data that a connection's streams handed to hyper and that is not on its way to the client yet: it
/// waits for a window of the client's, or for the socket.
///
/// Each piece is due at a time that the rate and what was there before it allow. So a client is not
/// behind because it has many streams, and one that reads some of them does not hide that it leaves
/// another.
#[derive(Clone)]
pub(in crate::hyper) struct InTransit(Arc<Mutex<Pieces>>);

struct Pieces {
    rate: Option<MinDataRate>,
    /// When each piece is due; `None` for a place that is free, and for a piece that never is.
    due: Vec<Option<Instant>>,
    free: Vec<usize>,
    bytes: u64,
    /// No piece is due before. The first to be due may be gone.
    soonest: Option<Instant>,
}

impl InTransit {
    /// Returns where there is nothing yet.
    pub(in crate::hyper) fn new(rate: Option<MinDataRate>) -> Self {
        Self(Arc::new(Mutex::new(Pieces {
            rate,
            due: Vec::new(),
            free: Vec::new(),
            bytes: 0,
            soonest: None,
        })))
    }

    /// Returns whether everything was sent, or given up.
    pub(in crate::hyper) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Returns a time before which no piece is due. If that has come, a piece is.
    pub(in crate::hyper) fn due(&self, now: Instant) -> Option<Instant> {
        let mut pieces = self.lock();
        if pieces.soonest.is_some_and(|soonest| soonest <= now) {
            pieces.soonest = pieces.due.iter().flatten().min().copied();
        }
        pieces.soonest
    }

    /// Returns the data as a piece that is here until it is dropped.
    pub(in crate::hyper) fn hold(&self, data: Bytes) -> Bytes {
        let length = data.len() as u64;
        let place = self.lock().add(length);
        Bytes::from_owner(Held {
            data,
            place,
            in_transit: self.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Pieces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pieces {
    fn is_empty(&self) -> bool {
        self.free.len() == self.due.len()
    }

    fn add(&mut self, length: u64) -> usize {
        self.bytes += length;
        let due = self
            .rate
            .and_then(|rate| Instant::now().checked_add(rate.time_for(self.bytes)));
        self.soonest = match (self.soonest, due) {
            (Some(soonest), Some(due)) => Some(soonest.min(due)),
            (soonest, due) => soonest.or(due),
        };
        match self.free.pop() {
            Some(place) => {
                self.due[place] = due;
                place
            }
            None => {
                self.due.push(due);
                self.due.len() - 1
            }
        }
    }

    fn remove(&mut self, place: usize, length: u64) {
        self.bytes -= length;
        self.due[place] = None;
        self.free.push(place);
        if self.is_empty() {
            self.soonest = None;
        }
    }
}

struct Held {
    data: Bytes,
    place: usize,
    in_transit: InTransit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let length = self.data.len() as u64;
        self.in_transit.lock().remove(self.place, length);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn bytes(length: usize) -> Bytes {
        Bytes::from(vec![b'x'; length])
    }

    fn is_overdue(in_transit: &InTransit, now: Instant) -> bool {
        in_transit.due(now).is_some_and(|due| due <= now)
    }

    fn at_100_bytes_a_second() -> InTransit {
        InTransit::new(Some(MinDataRate::new(100, 5 * SECOND)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_piece_is_due_when_the_rate_says_and_not_before_the_grace() {
        let in_transit = at_100_bytes_a_second();
        let begin = Instant::now();
        let small = in_transit.hold(bytes(1));
        assert!(!is_overdue(&in_transit, begin + 4 * SECOND));
        assert!(is_overdue(&in_transit, begin + 5 * SECOND));
        let large = in_transit.hold(bytes(999));
        drop(small);
        assert!(!is_overdue(&in_transit, begin + 9 * SECOND));
        assert!(is_overdue(&in_transit, begin + 10 * SECOND));
        drop(large);
        assert!(!is_overdue(&in_transit, begin + 60 * SECOND));
        assert!(in_transit.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_there_before_is_waited_for() {
        let in_transit = at_100_bytes_a_second();
        let begin = Instant::now();
        let before = in_transit.hold(bytes(10_000));
        let behind = in_transit.hold(bytes(1));
        drop(before);
        assert!(!is_overdue(&in_transit, begin + 99 * SECOND));
        assert!(is_overdue(&in_transit, begin + 101 * SECOND));
        drop(behind);
    }

    #[tokio::test(start_paused = true)]
    async fn pieces_that_pass_do_not_hide_one_that_stays() {
        let in_transit = at_100_bytes_a_second();
        let begin = Instant::now();
        let _stays = in_transit.hold(bytes(1000));
        for _ in 0..20 {
            tokio::time::advance(SECOND / 2).await;
            drop(in_transit.hold(bytes(1000)));
        }
        assert_eq!(begin.elapsed(), 10 * SECOND);
        assert!(is_overdue(&in_transit, Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_nothing_is_due() {
        let in_transit = InTransit::new(None);
        let held = in_transit.hold(bytes(1));
        assert!(!in_transit.is_empty());
        assert!(!is_overdue(&in_transit, Instant::now() + 1000 * SECOND));
        drop(held);
        assert!(in_transit.is_empty());
    }

    #[test]
    fn an_empty_piece_is_one() {
        let in_transit = InTransit::new(None);
        let held = in_transit.hold(Bytes::new());
        assert!(held.is_empty());
        assert!(!in_transit.is_empty());
    }
}
