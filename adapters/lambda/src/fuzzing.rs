//! What fuzz targets call: the reader of events, with what has to hold of it.

/// Reads these bytes as an event of any front.
///
/// # Panics
///
/// Something that has to hold of the request does not.
pub fn event(bytes: &[u8]) {
    crate::event::invariants_hold(bytes);
}
