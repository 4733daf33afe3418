use std::time::Duration;

use super::quota::Algorithm;
use super::{Quota, RateLimitDecision};

/// What is remembered of a key. `redis.lua` is the same once more.
#[derive(Debug)]
pub(super) enum State {
    Fixed {
        start: u64,
        count: u32,
    },
    Sliding {
        /// The number of the eighth that is counted in.
        segment: u64,
        /// One more than a window has, since the oldest of them is only partly over.
        counts: [u32; SEGMENTS],
    },
    /// `level` is in tokens times microseconds of the period: whole numbers, whatever the rate is.
    Bucket {
        level: u128,
        at: u64,
    },
}

const SEGMENTS: usize = 9;

impl State {
    /// Returns the state of a key that is new at this time, in microseconds of any clock.
    pub(super) fn new(quota: &Quota, now: u64) -> Self {
        match quota.algorithm() {
            Algorithm::FixedWindow => Self::Fixed {
                start: now,
                count: 0,
            },
            Algorithm::SlidingWindow => Self::Sliding {
                segment: 0,
                counts: [0; SEGMENTS],
            },
            Algorithm::TokenBucket => Self::Bucket {
                level: capacity(quota),
                at: now,
            },
        }
    }

    /// Counts a request.
    pub(super) fn take(&mut self, quota: &Quota, now: u64) -> RateLimitDecision {
        let period = micros(quota.period());
        let limit = quota.limit();
        match self {
            Self::Fixed { start, count } => {
                if now.saturating_sub(*start) >= period {
                    (*start, *count) = (now, 0);
                }
                let allowed = *count < limit;
                *count += u32::from(allowed);
                let end = *start + period - now.max(*start);
                decision(allowed, limit - *count, end, end)
            }
            Self::Sliding { segment, counts } => {
                let width = period.div_ceil(SEGMENTS as u64 - 1);
                advance(segment, counts, now / width);
                let used = counts.iter().map(|count| u64::from(*count)).sum::<u64>();
                let allowed = used < u64::from(limit);
                counts[place(*segment)] += u32::from(allowed);
                let left = u64::from(limit) - used - u64::from(allowed);
                // When the eighth that is so many before this one is forgotten.
                let forgotten = |age: u64| {
                    ((*segment + SEGMENTS as u64).saturating_sub(age) * width).saturating_sub(now)
                };
                let mut filled = (0..SEGMENTS as u64)
                    .filter(|age| *age <= *segment && counts[place(*segment - age)] > 0);
                let newest = filled.next().unwrap_or_default();
                let oldest = filled.next_back().unwrap_or(newest);
                decision(
                    allowed,
                    u32::try_from(left).unwrap_or(u32::MAX),
                    forgotten(oldest),
                    forgotten(newest),
                )
            }
            Self::Bucket { level, at } => {
                let refill = u128::from(quota.refill());
                let (cost, capacity) = (u128::from(period), capacity(quota));
                let come = u128::from(now.saturating_sub(*at)) * refill;
                *level = (*level + come).min(capacity);
                *at = now.max(*at);
                let allowed = *level >= cost;
                *level -= if allowed { cost } else { 0 };
                let until = |wanted: u128| {
                    let micros = wanted.saturating_sub(*level).div_ceil(refill);
                    u64::try_from(micros).unwrap_or(u64::MAX)
                };
                let left = u32::try_from(*level / cost).unwrap_or(u32::MAX);
                decision(allowed, left, until(cost), until(capacity))
            }
        }
    }
}

fn decision(allowed: bool, remaining: u32, retry: u64, reset: u64) -> RateLimitDecision {
    let reset = Duration::from_micros(reset);
    match allowed {
        true => RateLimitDecision::allow(remaining, reset),
        false => RateLimitDecision::refuse(Duration::from_micros(retry), reset),
    }
}

fn capacity(quota: &Quota) -> u128 {
    u128::from(quota.limit()) * u128::from(micros(quota.period()))
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Forgets the eighths that are over.
fn advance(segment: &mut u64, counts: &mut [u32; SEGMENTS], now: u64) {
    let passed = now.saturating_sub(*segment);
    for number in 1..=passed.min(SEGMENTS as u64) {
        counts[place(*segment + number)] = 0;
    }
    *segment = now.max(*segment);
}

fn place(segment: u64) -> usize {
    usize::try_from(segment % SEGMENTS as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A generator of times, the same in each run.
    fn times(seed: u64, most: u64) -> impl Iterator<Item = u64> {
        let mut random = seed;
        let mut now = 1_000;
        std::iter::repeat_with(move || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            now += (random >> 33) % most;
            now
        })
    }

    fn allowed(quota: &Quota, times: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut state = None;
        let mut allowed = Vec::new();
        for now in times {
            let state = state.get_or_insert_with(|| State::new(quota, now));
            let decision = state.take(quota, now);
            assert!(decision.remaining <= quota.limit());
            if decision.allowed {
                allowed.push(now);
            } else {
                // Who comes back then is allowed, and who comes just before is not.
                assert!(decision.retry_after > Duration::ZERO && decision.remaining == 0);
            }
        }
        allowed
    }

    #[test]
    fn a_sliding_window_never_allows_more_wherever_it_begins() {
        let quota = Quota::sliding_window(5, Duration::from_micros(801));
        for seed in 0..20 {
            let allowed = allowed(&quota, times(seed, 120).take(2_000));
            assert!(allowed.len() > 500);
            for window in allowed.windows(6) {
                assert!(window[5] - window[0] >= 801, "{window:?}");
            }
        }
    }

    #[test]
    fn a_bucket_allows_its_burst_and_its_rate_exactly() {
        let quota = Quota::token_bucket(4, 3, Duration::from_micros(1_000));
        for seed in 0..20 {
            let allowed = allowed(&quota, times(seed, 100).take(2_000));
            for (number, window) in (1..30).map(|number| (number, allowed.windows(number + 1))) {
                for window in window {
                    let come = (window[number] - window[0]) * 3 / 1_000;
                    assert!((number as u64) < 4 + come, "{window:?}");
                }
            }
            let whole = (allowed[allowed.len() - 1] - allowed[0]) * 3 / 1_000 + 4;
            assert!(
                allowed.len() as u64 >= whole - 4,
                "none of the rate is lost"
            );
        }
    }

    #[test]
    fn who_comes_back_when_it_was_told_is_allowed() {
        let second = Duration::from_micros(1_003);
        for quota in [
            Quota::fixed_window(3, second),
            Quota::sliding_window(3, second),
            Quota::token_bucket(3, 2, second),
        ] {
            for seed in 0..50 {
                let mut state = State::new(&quota, 0);
                for now in times(seed, 90).take(40) {
                    let decision = state.take(&quota, now);
                    if !decision.allowed {
                        let back = now + micros(decision.retry_after);
                        let early = state.take(&quota, back - 1);
                        assert!(!early.allowed, "{quota:?} at {now}");
                        assert!(state.take(&quota, back).allowed, "{quota:?} at {now}");
                        break;
                    }
                }
            }
        }
    }

    #[test]
    fn a_quota_is_whole_again_when_it_was_told_and_a_clock_that_goes_back_does_no_harm() {
        let second = Duration::from_micros(1_000);
        for quota in [
            Quota::fixed_window(3, second),
            Quota::sliding_window(3, second),
            Quota::token_bucket(3, 7, second),
        ] {
            let mut state = State::new(&quota, 5_000);
            let mut last = state.take(&quota, 5_000);
            last = state.take(&quota, 4_000 + u64::from(last.remaining));
            assert_eq!((last.allowed, last.remaining), (true, 1), "{quota:?}");
            let whole = 5_000 + micros(state.take(&quota, 5_000).reset_after);
            let after = state.take(&quota, whole);
            assert_eq!((after.allowed, after.remaining), (true, 2), "{quota:?}");
        }
    }

    #[test]
    fn the_largest_quota_does_not_overflow() {
        for quota in [
            Quota::fixed_window(u32::MAX, Duration::MAX),
            Quota::sliding_window(u32::MAX, Duration::MAX),
            Quota::token_bucket(u32::MAX, u32::MAX, Duration::MAX),
            Quota::token_bucket(0, 0, Duration::ZERO),
        ] {
            let mut state = State::new(&quota, 0);
            for now in [0, 1, u64::MAX / 4] {
                assert!(state.take(&quota, now).allowed, "{quota:?}");
            }
        }
    }
}
