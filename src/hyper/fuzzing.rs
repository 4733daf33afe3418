//! What fuzz targets call: the parsers of a peer's bytes, with what has to hold of them.

/// Shows the guard of HTTP/1 these bytes, in pieces of several sizes.
///
/// # Panics
///
/// Something that has to hold of it does not.
pub fn http1_guard(bytes: &[u8]) {
    super::http1::guard_invariants_hold(bytes);
}

/// Reads these bytes as those of a request of HTTP/3: its frames, and the fields in them.
///
/// # Panics
///
/// Something that has to hold of them does not.
#[cfg(feature = "http3")]
pub fn http3_request(bytes: &[u8]) {
    super::http3::request_invariants_hold(bytes);
}

/// Shows the guard of HTTP/2 these bytes, as those of a client and of a server, in pieces of several sizes.
///
/// # Panics
///
/// Something that has to hold of it does not.
pub fn http2_guard(bytes: &[u8]) {
    super::http2::guard_invariants_hold(bytes);
}

/// Begins a connection with these bytes that may, or has to, begin with a header of the PROXY protocol, in pieces
/// of several sizes.
///
/// # Panics
///
/// Something that has to hold of its reader does not.
pub fn proxy_protocol(bytes: &[u8]) {
    super::proxy_protocol::invariants_hold(bytes);
}
