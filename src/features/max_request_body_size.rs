use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Feature;

/// How many bytes the body of this request may have.
///
/// The server sets it (30,000,000 by default), and an application may change it for one request until
/// its body is first read. A body that is longer ends with an error
/// ([`body::Error::is_length_limit`](crate::body::Error::is_length_limit)), which the pipeline answers
/// with 413.
///
/// ```
/// use transom::features::MaxRequestBodySize;
///
/// let size = MaxRequestBodySize::new(Some(MaxRequestBodySize::DEFAULT));
/// size.set(None)?; // an upload of any length
/// assert_eq!(size.limit(), None);
/// assert!(!size.is_read_only());
/// # Ok::<_, transom::features::BodySizeFrozen>(())
/// ```
#[doc(alias = "IHttpMaxRequestBodySizeFeature")]
#[derive(Clone, Debug)]
pub struct MaxRequestBodySize(Arc<State>);

#[derive(Debug)]
struct State {
    /// The limit in the low bits, and whether it is frozen in the highest: both change as one.
    word: AtomicU64,
}

const FROZEN: u64 = 1 << 63;
const UNLIMITED: u64 = FROZEN - 1;

impl MaxRequestBodySize {
    /// The limit in bytes, as long as a server is told no other.
    pub const DEFAULT: u64 = 30_000_000;

    /// Returns a limit in bytes; `None` is none. Limits of 2^63 - 1 bytes and more are none as well.
    pub fn new(limit: Option<u64>) -> Self {
        Self(Arc::new(State {
            word: AtomicU64::new(encode(limit)),
        }))
    }

    /// Returns the limit in bytes; `None` if there is none.
    pub fn limit(&self) -> Option<u64> {
        decode(self.0.word.load(Ordering::Acquire))
    }

    /// Changes the limit of this request.
    ///
    /// # Errors
    ///
    /// The body is being read, or was: it is too late.
    pub fn set(&self, limit: Option<u64>) -> Result<(), BodySizeFrozen> {
        let change = |word| (word & FROZEN == 0).then(|| encode(limit));
        match self
            .0
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, change)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(BodySizeFrozen(())),
        }
    }

    /// Returns whether the limit can no longer be changed.
    pub fn is_read_only(&self) -> bool {
        self.0.word.load(Ordering::Acquire) & FROZEN != 0
    }

    /// Ends the time in which the limit may change, and returns it; for servers, when the body is first
    /// read or the connection upgraded.
    pub fn freeze(&self) -> Option<u64> {
        decode(self.0.word.fetch_or(FROZEN, Ordering::AcqRel))
    }

    pub(super) fn renew(&mut self, limit: Option<u64>) {
        match Arc::get_mut(&mut self.0) {
            Some(state) => *state.word.get_mut() = encode(limit),
            None => *self = Self::new(limit),
        }
    }
}

fn encode(limit: Option<u64>) -> u64 {
    limit.map_or(UNLIMITED, |limit| limit.min(UNLIMITED))
}

fn decode(word: u64) -> Option<u64> {
    Some(word & !FROZEN).filter(|limit| *limit != UNLIMITED)
}

impl Feature for MaxRequestBodySize {
    const NAME: &'static str = "request.max_body_size";
}

/// The limit cannot change any more; see [`MaxRequestBodySize::set`].
#[derive(Clone, Debug)]
pub struct BodySizeFrozen(());

impl fmt::Display for BodySizeFrozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the limit of the request body cannot change once the body is being read")
    }
}

impl Error for BodySizeFrozen {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_changes_until_it_is_frozen() {
        let size = MaxRequestBodySize::new(Some(10));
        assert!(size.set(Some(0)).is_ok());
        assert_eq!(size.limit(), Some(0));
        assert!(size.set(None).is_ok());
        assert_eq!(size.freeze(), None);
        assert!(size.is_read_only());
        assert!(size.set(Some(1)).is_err());
        assert_eq!(size.limit(), None, "a refused change changes nothing");
    }

    #[test]
    fn an_absurd_limit_is_none() {
        assert_eq!(MaxRequestBodySize::new(Some(u64::MAX)).limit(), None);
        assert_eq!(
            MaxRequestBodySize::new(Some(1 << 62)).limit(),
            Some(1 << 62)
        );
    }
}
