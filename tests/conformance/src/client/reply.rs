use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, Version, response::Parts};
use http_body::Frame;
use http_body_util::BodyExt;
use transom::features::Upgraded;
use transom::{Body, Response};

use crate::{Failure, Outcome, within};

/// A response, as the client of a semantic case reads it. Every read has a deadline.
#[derive(Debug)]
pub struct Reply {
    head: Parts,
    body: Body,
    upgraded: Option<Upgraded>,
}

impl Reply {
    pub(crate) fn new(response: Response, upgraded: Option<Upgraded>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            head,
            body,
            upgraded,
        }
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// Returns the version.
    pub fn version(&self) -> Version {
        self.head.version
    }

    /// Returns the fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Reads the next frame of the body; `None` at its end.
    ///
    /// # Errors
    ///
    /// The body broke off, or nothing came within the deadline.
    pub async fn frame(&mut self) -> Outcome<Option<Frame<Bytes>>> {
        let frame = within("the next part of the response's body", self.body.frame()).await?;
        Ok(frame.transpose()?)
    }

    /// Reads the next data of the body; `None` at its end.
    ///
    /// # Errors
    ///
    /// As [`frame`](Self::frame).
    pub async fn data(&mut self) -> Outcome<Option<Bytes>> {
        while let Some(frame) = self.frame().await? {
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// Reads the rest of the body, and the trailers if there are any.
    ///
    /// # Errors
    ///
    /// As [`frame`](Self::frame).
    pub async fn finish(mut self) -> Outcome<(Bytes, Option<HeaderMap>)> {
        let (mut data, mut trailers) = (BytesMut::new(), None);
        while let Some(frame) = self.frame().await? {
            match frame.into_data() {
                Ok(chunk) => data.extend_from_slice(&chunk),
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        Ok((data.freeze(), trailers))
    }

    /// Reads the rest of the body as text.
    ///
    /// # Errors
    ///
    /// As [`frame`](Self::frame); or it is no text.
    pub async fn text(self) -> Outcome<String> {
        let (data, _) = self.finish().await?;
        Ok(String::from_utf8(data.to_vec())?)
    }

    /// Returns the head, and the rest of the body.
    pub fn into_response(self) -> Response {
        Response::from_parts(self.head, self.body)
    }

    /// Returns the rest of the body.
    pub fn into_body(self) -> Body {
        self.body
    }

    /// Returns the connection, if the response was a 101.
    ///
    /// # Errors
    ///
    /// It was not, or the connection is not to be had.
    pub fn into_upgraded(self) -> Outcome<Upgraded> {
        let status = self.head.status;
        self.upgraded
            .ok_or_else(|| Failure::new(format!("the response is {status}, and no upgrade")))
    }
}
