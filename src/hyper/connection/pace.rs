//! How fast a transfer is, against how fast it has to be.

use std::time::Duration;

use tokio::time::Instant;

use crate::hyper::options::MinDataRate;

/// How much of the time that a fast transfer saves it may lose later, in graces: a link may stall, and what
/// the system has taken is not with the client yet; but who was fast once may not stall for as long as he
/// likes.
const SAVED: u32 = 24;

/// How fast a transfer is, against how fast it has to be.
///
/// The other side has time to spend on being waited for: the grace at first, and what its bytes may take at
/// the lowest rate. So who is faster than that on the average is never late, however his bytes are spread
/// over the grace; and one byte now and then buys hardly anything.
#[derive(Clone, Debug)]
pub(in crate::hyper) struct Pace {
    rate: MinDataRate,
    /// How long the other side may still be waited for.
    left: Duration,
    waits_since: Option<Instant>,
    /// What was transferred, and not counted in `left` yet.
    bytes: u64,
}

impl Pace {
    pub(in crate::hyper) fn new(rate: MinDataRate) -> Self {
        Self {
            rate,
            left: rate.grace(),
            waits_since: None,
            bytes: 0,
        }
    }

    /// Counts what was transferred: the other side is not waited for any more.
    #[inline]
    pub(in crate::hyper) fn advance(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if let Some(since) = self.waits_since.take() {
            self.spend(since);
        }
    }

    /// Says that the other side is waited for, if it was not already.
    pub(in crate::hyper) fn wait(&mut self) {
        if self.waits_since.is_none() {
            self.earn();
            self.waits_since = Some(Instant::now());
        }
    }

    /// Says that nothing is left to transfer for now: the next is looked at after a grace of its own.
    #[inline]
    pub(in crate::hyper) fn rest(&mut self) {
        if self.left < self.rate.grace() {
            self.left = self.rate.grace();
        }
    }

    /// Returns when the other side is too slow, if it is waited for.
    #[inline]
    pub(in crate::hyper) fn deadline(&self) -> Option<Instant> {
        Some(self.waits_since? + self.left)
    }

    #[cold]
    fn spend(&mut self, since: Instant) {
        // If it is more than was left, nobody looked: then it is not the other side that was late.
        if let Some(left) = self.left.checked_sub(since.elapsed()) {
            self.left = left;
        }
    }

    fn earn(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let rate = u64::from(self.rate.bytes_per_second().max(1));
        let earned = Duration::from_micros(bytes.saturating_mul(1_000_000) / rate);
        let most = self.rate.grace().saturating_mul(SAVED);
        self.left = self.left.saturating_add(earned).min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 bytes a second after 5 seconds.
    fn pace() -> Pace {
        Pace::new(MinDataRate::new(100, Duration::from_secs(5)))
    }

    /// Plays a transfer of so many bytes every so many seconds, and returns when it is too slow, in seconds.
    async fn cut_after(mut pace: Pace, bytes: usize, every: u64, total: u64) -> Option<u64> {
        let begin = Instant::now();
        while begin.elapsed().as_secs() < total {
            pace.wait();
            let next = Instant::now() + Duration::from_secs(every);
            match pace.deadline() {
                Some(deadline) if deadline < next => {
                    return Some((deadline - begin).as_secs());
                }
                _ => tokio::time::sleep_until(next).await,
            }
            pace.advance(bytes);
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_silent_is_late_after_the_grace() {
        assert_eq!(cut_after(pace(), 0, 60, 100).await, Some(5));
    }

    #[tokio::test(start_paused = true)]
    async fn one_byte_now_and_then_buys_hardly_anything() {
        assert_eq!(cut_after(pace(), 1, 1, 100).await, Some(5));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_just_fast_enough_is_never_late() {
        assert_eq!(cut_after(pace(), 101, 1, 10_000).await, None);
        assert_eq!(cut_after(pace(), 404, 4, 10_000).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_a_little_too_slow_is_late_in_the_end() {
        let late = cut_after(pace(), 90, 1, 10_000).await;
        assert_eq!(
            late,
            Some(41),
            "a tenth too slow spends 4 s in 40, and has to wait 1 s more"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_saved_is_kept_only_for_so_long() {
        let mut pace = pace();
        pace.advance(1_000_000);
        assert_eq!(cut_after(pace, 0, 1_000, 10_000).await, Some(120));
    }

    #[tokio::test(start_paused = true)]
    async fn time_counts_only_while_it_waits() {
        let mut pace = pace();
        pace.wait();
        tokio::time::sleep(Duration::from_secs(4)).await;
        pace.advance(1);
        assert_eq!(pace.deadline(), None);
        tokio::time::sleep(Duration::from_secs(100)).await;
        pace.wait();
        let left = pace.deadline().unwrap() - Instant::now();
        assert_eq!(left, Duration::from_millis(1010));
        pace.advance(0);
        pace.rest();
        pace.wait();
        assert_eq!(
            pace.deadline().unwrap() - Instant::now(),
            Duration::from_secs(5)
        );
    }
}
