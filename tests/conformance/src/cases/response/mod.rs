//! S-RES: the response.

mod bodiless;
mod end;
mod fields;
mod flow;
mod framing;
mod keep_alive;
mod status;

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Frame;
use http_body_util::StreamBody;
use transom::{Body, Response};

use crate::{Case, Connection, Outcome, Reply, Run, same};

pub(super) fn cases() -> Vec<Case> {
    [
        status::cases(),
        fields::cases(),
        framing::cases(),
        bodiless::cases(),
        keep_alive::cases(),
        flow::cases(),
        end::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns a 200 of plain text.
fn text(body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Returns a response that is its status alone.
fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Returns a body whose length nobody knows beforehand.
fn pieces(pieces: &'static [&'static str]) -> Body {
    let pieces = pieces
        .iter()
        .map(|piece| Ok::<_, Infallible>(Bytes::from_static(piece.as_bytes())));
    Body::from_stream(futures_util::stream::iter(pieces))
}

/// As [`pieces`], with trailers.
fn pieces_and_trailers(pieces: &'static [&'static str], trailers: HeaderMap) -> Body {
    let data = pieces
        .iter()
        .map(|piece| Frame::data(Bytes::from_static(piece.as_bytes())));
    let frames = data
        .chain([Frame::trailers(trailers)])
        .map(Ok::<_, Infallible>);
    Body::new(StreamBody::new(futures_util::stream::iter(frames)))
}

/// A client that opens a new connection where the server keeps none open.
struct Client {
    run: Run,
    connection: Option<Connection>,
}

impl Client {
    fn new(run: &Run) -> Self {
        Self {
            run: run.clone(),
            connection: None,
        }
    }

    async fn send(&mut self, method: &str, target: &str) -> Outcome<Reply> {
        if !self.run.manifest().has(crate::Capability::KeepAlive) {
            self.connection = None;
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.run.connect().await?),
        };
        let request = self.run.request(method, target).body(Body::empty())?;
        let sent = connection.send(request).await;
        sent.map_err(|failure| failure.at(format!("{method} {target}")))
    }

    /// Fails unless the next request is answered as the path says.
    async fn expect_text(&mut self, target: &str, body: &str) -> Outcome {
        let reply = self.send("GET", target).await?;
        same(&format!("the body of {target}"), reply.text().await?, body)
    }
}
