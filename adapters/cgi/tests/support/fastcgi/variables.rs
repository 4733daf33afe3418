//! What a web server says of a request.

use http::request::Parts;
use http::{Method, header};
use http_body::Body as _;
use transom::Body;

/// Returns the variables of a request, and `more`.
pub(crate) fn variables(
    head: &Parts,
    body: &Body,
    more: &[(&str, String)],
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, value: &[u8]| all.push((name.into(), value.into()));
    add("GATEWAY_INTERFACE", b"CGI/1.1");
    add("SERVER_SOFTWARE", b"a test");
    add("SERVER_PROTOCOL", format!("{:?}", head.version).as_bytes());
    add("REQUEST_METHOD", head.method.as_str().as_bytes());
    add("REQUEST_URI", head.uri.to_string().as_bytes());
    add("SCRIPT_NAME", head.uri.path().as_bytes());
    add(
        "QUERY_STRING",
        head.uri.query().unwrap_or_default().as_bytes(),
    );
    let announced = head.headers.get(header::CONTENT_LENGTH);
    let announced = announced.map(|value| value.as_bytes().to_vec());
    let is_usual = matches!(head.method, Method::POST | Method::PUT | Method::PATCH);
    let exact = body.size_hint().exact();
    let exact = exact.filter(|length| *length > 0 || is_usual);
    let length = announced.or(exact.map(|length| length.to_string().into_bytes()));
    add("CONTENT_LENGTH", &length.unwrap_or_default());
    for (name, value) in &head.headers {
        match name {
            &header::CONTENT_LENGTH => {}
            &header::CONTENT_TYPE => add("CONTENT_TYPE", value.as_bytes()),
            name => {
                let name = name.as_str().to_ascii_uppercase().replace('-', "_");
                add(&format!("HTTP_{name}"), value.as_bytes());
            }
        }
    }
    for (name, value) in more {
        add(name, value.as_bytes());
    }
    all
}
