//! What fuzz targets show bytes to. No promise is kept for it.

/// Shows bytes to the reader of AJP's packets, and to what makes requests of them, in several pieces.
///
/// # Panics
///
/// Panics if something does not hold.
pub fn ajp(bytes: &[u8]) {
    crate::ajp::invariants_hold(bytes);
}

/// Shows bytes to the reader of FastCGI's records, in several pieces.
///
/// # Panics
///
/// Panics if something does not hold.
pub fn fastcgi(bytes: &[u8]) {
    crate::fastcgi::invariants_hold(bytes);
}

/// Shows bytes to the reader of SCGI, and to what makes requests of variables.
///
/// # Panics
///
/// Panics if something does not hold.
pub fn scgi(bytes: &[u8]) {
    crate::environment::invariants_hold(crate::scgi::parse, bytes);
}

/// As [`scgi`], for uwsgi.
///
/// # Panics
///
/// Panics if something does not hold.
pub fn uwsgi(bytes: &[u8]) {
    crate::environment::invariants_hold(crate::uwsgi::parse, bytes);
}
