//! What a request says of its target.

use http::Request;
use transom::RequestExt;
use transom::features::Scheme;

/// Returns the scheme of the request: the feature, or where no server of Transom is, that of the URI.
/// `None` if neither says.
pub(crate) fn scheme<B>(request: &Request<B>) -> Option<Scheme> {
    if let Some(scheme) = request.feature::<Scheme>() {
        return Some(*scheme);
    }
    match request.uri().scheme_str()? {
        "https" => Some(Scheme::Https),
        "http" => Some(Scheme::Http),
        _ => None,
    }
}

/// Returns the host of the request as it is written: of the field, or else of the URI.
pub(crate) fn host<B>(request: &Request<B>) -> Option<&str> {
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    match request.headers().get(http::header::HOST) {
        Some(host) => host.to_str().ok().map(str::trim),
        None => authority,
    }
}
