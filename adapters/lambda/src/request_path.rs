use bytes::Bytes;
use http::Uri;
use http::uri::PathAndQuery;

/// Takes a base, with which the path begins, off a URI that is a path and query.
pub(crate) fn strip_base(uri: &mut Uri, base: &str) {
    let Some(rest) = uri.path().strip_prefix(base) else {
        return;
    };
    let slash = if rest.is_empty() { "/" } else { "" };
    let (mark, query) = uri.query().map_or(("", ""), |query| ("?", query));
    let path = Bytes::from([slash, rest, mark, query].concat());
    // What is left of a valid path is one.
    if let Ok(path) = PathAndQuery::from_maybe_shared(path) {
        *uri = Uri::from(path);
    }
}
