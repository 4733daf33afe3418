//! What a gateway says of a request: as nginx does with the variables of its own `scgi_params`.

use std::net::SocketAddr;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http_body::Body as _;
use transom::Body;
use transom_conformance::Outcome;

/// A body, and how long it is.
pub(crate) struct Sized {
    pub(crate) body: Body,
    pub(crate) length: u64,
    /// The client did not say how long it is: the gateway had to keep all of it.
    pub(crate) spooled: bool,
}

pub(crate) async fn sized(head: &Parts, body: Body) -> Outcome<Sized> {
    let announced = head.headers.get(CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse().ok());
    if let Some(length) = announced.or(body.size_hint().exact()) {
        return Ok(Sized {
            body,
            length,
            spooled: false,
        });
    }
    let bytes = body.collect(1 << 30).await?;
    Ok(Sized {
        length: bytes.len() as u64,
        body: Body::from(bytes),
        spooled: true,
    })
}

pub(crate) fn of(
    head: &Parts,
    (client, front): (SocketAddr, SocketAddr),
    sized: &Sized,
) -> Vec<(String, Vec<u8>)> {
    let mut variables = Vec::new();
    let mut add = |name: &str, value: &[u8]| variables.push((name.to_owned(), value.to_vec()));
    let target = head.uri.to_string();
    add("CONTENT_LENGTH", sized.length.to_string().as_bytes());
    add("REQUEST_METHOD", head.method.as_str().as_bytes());
    add("REQUEST_URI", target.as_bytes());
    add("DOCUMENT_URI", head.uri.path().as_bytes());
    add(
        "QUERY_STRING",
        head.uri.query().unwrap_or_default().as_bytes(),
    );
    let content_type = head.headers.get(CONTENT_TYPE);
    add(
        "CONTENT_TYPE",
        content_type.map_or(b"", |value| value.as_bytes()),
    );
    add("SERVER_PROTOCOL", format!("{:?}", head.version).as_bytes());
    add("REQUEST_SCHEME", b"http");
    add("HTTPS", b"");
    add("REMOTE_ADDR", client.ip().to_string().as_bytes());
    add("REMOTE_PORT", client.port().to_string().as_bytes());
    add("SERVER_ADDR", front.ip().to_string().as_bytes());
    add("SERVER_PORT", front.port().to_string().as_bytes());
    add("SERVER_NAME", b"conformance.test");
    if sized.spooled {
        add("HTTP_TRANSFER_ENCODING", b"chunked");
    }
    for (name, value) in &head.headers {
        let name = name.as_str().to_uppercase().replace('-', "_");
        add(&format!("HTTP_{name}"), value.as_bytes());
    }
    variables
}
