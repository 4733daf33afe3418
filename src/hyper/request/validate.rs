//! What of a request's head has to be right before the application is called.

use http::uri::Authority;
use http::{Request, StatusCode, header};

use crate::adapter::check_head;
use crate::hyper::connection::Carries;

/// How long the path and query of a target may be.
const MAX_TARGET: usize = 8 * 1024;
/// How many fields there may be. hyper holds HTTP/1 to it itself.
const MAX_FIELDS: usize = 100;

/// Checks what hyper does not look at, or does not limit.
///
/// # Errors
///
/// The status to answer with.
pub(in crate::hyper) fn check<B>(request: &Request<B>) -> Result<(), StatusCode> {
    let target = request.uri().path_and_query();
    if target.is_some_and(|target| target.as_str().len() > MAX_TARGET) {
        return Err(StatusCode::URI_TOO_LONG);
    }
    if request.headers().len() > MAX_FIELDS {
        return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    check_head(request).map_err(|_| StatusCode::BAD_REQUEST)
}

/// Checks that a request may come on its connection.
///
/// # Errors
///
/// 421; RFC 9110, section 15.5.20.
pub(in crate::hyper) fn carries<B>(
    request: &Request<B>,
    carries: Option<&Carries>,
) -> Result<(), StatusCode> {
    let Some(carries) = carries else {
        return Ok(());
    };
    let field = || {
        let host = request.headers().get(header::HOST)?;
        Authority::try_from(host.as_bytes()).ok()
    };
    let authority = request.uri().authority().cloned().or_else(field);
    match authority.is_some_and(|authority| carries(authority.host())) {
        true => Ok(()),
        false => Err(StatusCode::MISDIRECTED_REQUEST),
    }
}
