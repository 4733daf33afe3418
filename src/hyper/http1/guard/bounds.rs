//! How much a head may hold.

use crate::hyper::options::Limits;

/// What of the [`Limits`] holds for the bytes of a head, and for trailers.
#[derive(Clone, Copy, Debug)]
pub(in crate::hyper) struct Bounds {
    pub(super) line: usize,
    pub(super) fields: usize,
    pub(super) count: usize,
}

impl Bounds {
    /// Nobody needs more, and with it no sum of two overflows.
    const MOST: usize = 1 << 28;

    /// Returns how long a head can be that was not refused: what hyper has to take.
    pub(in crate::hyper) fn longest_head(&self) -> usize {
        // An empty line before it, and the ends of the first line and of the whole.
        self.line + self.fields + 6
    }

    /// Returns how many fields there may be.
    pub(in crate::hyper) fn max_fields(&self) -> usize {
        self.count
    }
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Self {
            line: limits.max_request_line_size().min(Self::MOST),
            fields: limits.max_request_head_size().min(Self::MOST),
            count: limits.max_request_fields().min(Self::MOST),
        }
    }
}
