use std::time::Duration;

/// What a store says to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitDecision {
    /// Whether it is handed on. It is counted only then.
    pub allowed: bool,
    /// How many more would be, now.
    pub remaining: u32,
    /// How long until one more is, if this one is not; else zero.
    pub retry_after: Duration,
    /// How long until the whole quota is there again, if nobody comes.
    pub reset_after: Duration,
}

impl RateLimitDecision {
    /// Hands the request on.
    pub fn allow(remaining: u32, reset_after: Duration) -> Self {
        Self {
            allowed: true,
            remaining,
            retry_after: Duration::ZERO,
            reset_after,
        }
    }

    /// Refuses the request.
    pub fn refuse(retry_after: Duration, reset_after: Duration) -> Self {
        Self {
            allowed: false,
            remaining: 0,
            retry_after,
            reset_after,
        }
    }
}
