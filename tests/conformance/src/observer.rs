use bytes::BytesMut;
use http_body_util::BodyExt;
use transom::{App, Body, Request, RequestExt, Response};

use crate::Notes;
use crate::notes::Seen;

/// The application of most cases: reads the request to its end, notes it, and answers 200.
///
/// What it answers is the number of bytes that it read.
pub fn observer(notes: Notes) -> App {
    App::new(move |request| observe(request, notes.clone()))
}

/// What [`observer`] does, for an application that does something else as well.
pub async fn observe(request: Request, notes: Notes) -> Response {
    let (head, mut body) = request.into_parts();
    let features = head.features().clone();
    let mut seen = Seen {
        method: head.method,
        uri: head.uri,
        version: head.version,
        headers: head.headers,
        features,
        body: bytes::Bytes::new(),
        trailers: Vec::new(),
        error: None,
    };
    let mut data = BytesMut::new();
    while let Some(frame) = body.frame().await {
        match frame.map(http_body::Frame::into_data) {
            Ok(Ok(chunk)) => data.extend_from_slice(&chunk),
            Ok(Err(frame)) => seen.trailers.extend(frame.into_trailers()),
            Err(error) => {
                seen.error = Some(error);
                break;
            }
        }
    }
    let read = data.len();
    seen.body = data.freeze();
    let refused = seen
        .error
        .as_ref()
        .is_some_and(|error| error.is_length_limit());
    notes.see(seen);
    let mut response = Response::new(Body::from(read.to_string()));
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("text/plain"),
    );
    if refused {
        *response.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
    }
    response
}
