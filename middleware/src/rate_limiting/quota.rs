use std::time::Duration;

/// How many requests of a key are handed on in which time.
///
/// Times count in microseconds, and are one at least and a century at most. No request counts as one: to refuse
/// everybody is no limit.
///
/// | | allows | forgets |
/// |---|---|---|
/// | [`fixed_window`](Self::fixed_window) | up to twice the number around the end of a window | all, when the window ends |
/// | [`sliding_window`](Self::sliding_window) | the number in any window, wherever it begins | by an eighth of the window |
/// | [`token_bucket`](Self::token_bucket) | bursts, and a steady rate | one by one |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    algorithm: Algorithm,
    limit: u32,
    /// In microseconds.
    period: u64,
    refill: u32,
}

/// How a [`Quota`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// A window that begins with the first request.
    FixedWindow,
    /// A window that ends now.
    SlidingWindow,
    /// Tokens that come at a rate.
    TokenBucket,
}

const CENTURY: u64 = 100 * 365 * 24 * 60 * 60 * 1_000_000;

impl Quota {
    /// Allows so many in a window, which begins with the first request after the last window.
    #[doc(alias = "FixedWindowRateLimiter")]
    pub fn fixed_window(limit: u32, window: Duration) -> Self {
        Self::new(Algorithm::FixedWindow, limit, window, 1)
    }

    /// Allows so many in any window of this length. It is counted in eighths of it, so that a request is forgotten
    /// up to an eighth later than it had to be, and never earlier.
    #[doc(alias = "SlidingWindowRateLimiter")]
    pub fn sliding_window(limit: u32, window: Duration) -> Self {
        Self::new(Algorithm::SlidingWindow, limit, window, 1)
    }

    /// Allows so many at once, and `refill` more in each period, which come evenly.
    #[doc(alias = "TokenBucketRateLimiter")]
    pub fn token_bucket(burst: u32, refill: u32, period: Duration) -> Self {
        Self::new(Algorithm::TokenBucket, burst, period, refill)
    }

    fn new(algorithm: Algorithm, limit: u32, period: Duration, refill: u32) -> Self {
        let period = u64::try_from(period.as_micros()).unwrap_or(u64::MAX);
        Self {
            algorithm,
            limit: limit.max(1),
            period: period.clamp(1, CENTURY),
            refill: refill.max(1),
        }
    }

    /// Returns how it counts.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns how many are allowed at once.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Returns the window, or the period of the refill.
    pub fn period(&self) -> Duration {
        Duration::from_micros(self.period)
    }

    /// Returns how many tokens come in each period; one for windows.
    pub fn refill(&self) -> u32 {
        self.refill
    }

    /// Returns in which time the whole quota comes.
    pub(super) fn window(&self) -> Duration {
        match self.algorithm {
            Algorithm::TokenBucket => {
                let whole = u128::from(self.limit) * u128::from(self.period);
                let micros = whole.div_ceil(u128::from(self.refill));
                Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
            }
            _ => self.period(),
        }
    }
}
