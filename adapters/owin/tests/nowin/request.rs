//! What OWIN says of a request.

use http::{HeaderMap, HeaderValue, Request, header};
use hyper::body::Incoming;
use transom::Body;
use transom::features::RequestLifetime;
use transom_middleware::owin::{Environment, EnvironmentError, keys};

use super::connection::Ends;

/// Sets the keys of a request.
pub(super) fn fill(
    environment: &Environment,
    request: Request<Incoming>,
    ends: &Ends,
    lifetime: RequestLifetime,
    tells_target: bool,
) -> Result<(), EnvironmentError> {
    let (head, body) = request.into_parts();
    let text = |key, text: &str| environment.set(key, text.to_owned());
    text(keys::VERSION, "1.0")?;
    text(keys::REQUEST_METHOD, head.method.as_str())?;
    text(keys::REQUEST_SCHEME, "http")?;
    text(keys::REQUEST_PROTOCOL, &format!("{:?}", head.version))?;
    text(keys::REQUEST_PATH_BASE, "")?;
    text(keys::REQUEST_PATH, &decoded(head.uri.path()))?;
    text(
        keys::REQUEST_QUERY_STRING,
        head.uri.query().unwrap_or_default(),
    )?;
    if tells_target {
        text(keys::REQUEST_TARGET, &head.uri.to_string())?;
    }
    environment.set(keys::REQUEST_HEADERS, with_host(head.headers, &head.uri))?;
    environment.set(keys::REQUEST_BODY, Body::new(body))?;
    environment.set(keys::CALL_CANCELLED, lifetime)?;
    text(keys::REMOTE_IP_ADDRESS, &ends.remote.ip().to_string())?;
    text(keys::REMOTE_PORT, &ends.remote.port().to_string())?;
    text(keys::LOCAL_IP_ADDRESS, &ends.local.ip().to_string())?;
    text(keys::LOCAL_PORT, &ends.local.port().to_string())
}

/// The authority of an absolute target is the host.
fn with_host(mut headers: HeaderMap, uri: &http::Uri) -> HeaderMap {
    let host = uri
        .authority()
        .map(|authority| HeaderValue::from_str(authority.as_str()));
    if let Some(Ok(host)) = host {
        headers.insert(header::HOST, host);
    }
    headers
}

/// Takes the percent-encoding off, as OWIN has it.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex
            .filter(|_| *first == b'%')
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}
