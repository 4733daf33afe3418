//! From http 1 to http 0.2: what an engine shall send.

pub use crate::names::to_02 as name;

/// Returns the value of a field, byte for byte.
#[inline]
pub fn value(value: &http::HeaderValue) -> Option<http02::HeaderValue> {
    http02::HeaderValue::from_bytes(value.as_bytes()).ok()
}
