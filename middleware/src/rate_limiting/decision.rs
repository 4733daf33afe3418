use std::time::Duration;

/// What a store says to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
