//! Heads, from the engine's types and to them.

use http::request::Parts;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, Version, header, response,
};
use pingora_http::{RequestHeader, ResponseHeader};
use transom::adapter::check_head;

/// Returns the head of a request; `None` for one that HTTP does not allow.
pub(crate) fn convert(head: &RequestHeader) -> Option<Parts> {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = head.method.clone();
    parts.version = head.version;
    parts.uri = match head.version {
        Version::HTTP_2 => head.uri.clone(),
        // The engine takes bytes that no URI has, and parts with the rest of one that is whole.
        _ => Uri::try_from(head.raw_path()).ok()?,
    };
    parts.headers = head.headers.clone();
    let request = Request::from_parts(parts, ());
    check_head(&request).ok()?;
    Some(request.into_parts().0)
}

/// Returns the head of a response for the engine, which is told how the body is framed: by its length if it has
/// one, or else in chunks where there are any.
pub(crate) fn answer(
    head: &response::Parts,
    version: Version,
    length: Option<u64>,
    bodiless: bool,
) -> pingora_core::Result<Box<ResponseHeader>> {
    let mut answer = ResponseHeader::build(head.status, Some(head.headers.len() + 2))?;
    answer.set_version(version);
    for (name, value) in &head.headers {
        answer.append_header(name.clone(), value.clone())?;
    }
    if bodiless || head.headers.contains_key(header::CONTENT_LENGTH) {
        return Ok(Box::new(answer));
    }
    match length {
        Some(length) => {
            answer.insert_header(header::CONTENT_LENGTH, HeaderValue::from(length))?;
        }
        None if version == Version::HTTP_11 => {
            let chunked = HeaderValue::from_static("chunked");
            answer.insert_header(header::TRANSFER_ENCODING, chunked)?;
        }
        None => {}
    }
    Ok(Box::new(answer))
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
