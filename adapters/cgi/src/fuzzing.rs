//! What fuzz targets show bytes to. No promise is kept for it.

/// Shows bytes to the reader of FastCGI's records, in several pieces.
///
/// # Panics
///
/// Panics if something does not hold.
pub fn fastcgi(bytes: &[u8]) {
    crate::fastcgi::invariants_hold(bytes);
}
