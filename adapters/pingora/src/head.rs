//! Heads, from the engine's types and to them.

use http::request::Parts;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, Version, header, response,
};
use pingora_http::{RequestHeader, ResponseHeader};
use transom::adapter::check_parts;

/// Returns the head of a request; `None` for one that HTTP does not allow.
pub(crate) fn convert(head: &RequestHeader) -> Option<Parts> {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = head.method.clone();
    parts.version = head.version;
    parts.uri = match (head.version, head.raw_path()) {
        (Version::HTTP_2, _) => head.uri.clone(),
        // Without an allocation.
        (_, b"/") => Uri::default(),
        // The engine takes bytes that no URI has, and parts with the rest of one that is whole.
        (_, target) => Uri::try_from(target).ok()?,
    };
    parts.headers = head.headers.clone();
    check_parts(&parts).ok()?;
    Some(parts)
}

/// Returns the head of a response for the engine, which is told how the body is framed: by its length if it has
/// one, or else in chunks where there are any.
pub(crate) fn answer(
    mut head: response::Parts,
    version: Version,
    length: Option<u64>,
    bodiless: bool,
) -> Box<ResponseHeader> {
    head.version = version;
    if !bodiless && !head.headers.contains_key(header::CONTENT_LENGTH) {
        match length {
            Some(length) => {
                head.headers
                    .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            }
            None if version == Version::HTTP_11 => {
                let chunked = HeaderValue::from_static("chunked");
                head.headers.insert(header::TRANSFER_ENCODING, chunked);
            }
            None => {}
        }
    }
    // Takes the fields as they are; building it field by field would keep each name a second time.
    Box::new(ResponseHeader::from(head))
}

/// A response of the adapter's own, without content.
pub(crate) fn bare(status: StatusCode) -> pingora_core::Result<Box<ResponseHeader>> {
    let mut answer = ResponseHeader::build(status, Some(3))?;
    answer.insert_header(header::CONTENT_LENGTH, HeaderValue::from_static("0"))?;
    Ok(Box::new(answer))
}

/// Returns whether a field lists a word.
pub(crate) fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    headers.get_all(name).iter().any(|value| {
        value.as_bytes().split(|byte| *byte == b',').any(|listed| {
            let listed = listed.trim_ascii();
            listed.eq_ignore_ascii_case(word.as_bytes())
        })
    })
}
