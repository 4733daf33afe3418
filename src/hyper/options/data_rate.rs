use std::time::Duration;

/// The slowest that a transfer may be, once it has had some time.
///
/// Time counts only while the other side is waited for: not while the application leaves a body unread, or
/// has nothing to send.
///
/// ```
/// use std::time::Duration;
/// use transom::hyper::MinDataRate;
///
/// let rate = MinDataRate::default();
/// assert_eq!((rate.bytes_per_second(), rate.grace()), (240, Duration::from_secs(5)));
/// // What is written at once may take as long as its length allows, and never less than the grace.
/// assert_eq!(rate.time_for(24_000), Duration::from_secs(100));
/// assert_eq!(rate.time_for(1), Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinDataRate {
    bytes_per_second: u32,
    grace: Duration,
}

impl MinDataRate {
    /// Returns a rate in bytes a second, which is not looked at before the `grace` has passed.
    pub const fn new(bytes_per_second: u32, grace: Duration) -> Self {
        Self {
            bytes_per_second,
            grace,
        }
    }

    /// Returns the rate, in bytes a second.
    pub const fn bytes_per_second(self) -> u32 {
        self.bytes_per_second
    }

    /// Returns how long a transfer may be slower.
    pub const fn grace(self) -> Duration {
        self.grace
    }

    /// Returns how long so many bytes may take.
    pub fn time_for(self, bytes: u64) -> Duration {
        let millis = bytes.saturating_mul(1000) / u64::from(self.bytes_per_second.max(1));
        self.grace.max(Duration::from_millis(millis))
    }
}

/// 240 bytes a second, after 5 seconds.
impl Default for MinDataRate {
    fn default() -> Self {
        Self::new(240, Duration::from_secs(5))
    }
}
