//! What of a request's head has to be right before the application is called.

use http::{Request, StatusCode};

use crate::adapter::check_head;

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
