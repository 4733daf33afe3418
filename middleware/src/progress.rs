use bytes::Buf;
use http::{Method, Response, StatusCode, header};
use http_body::{Body, Frame};

/// How far the content of a response is.
///
/// A server stops at the announced length, or sends no content at all, and drops the body then: that is no client
/// that went away.
#[derive(Debug)]
pub(crate) struct Progress {
    /// What is still to come, where that was announced.
    left: Option<u64>,
    complete: bool,
}

impl Progress {
    /// Returns the beginning of a response to a request with this method.
    pub(crate) fn of<R: Body>(method: &Method, response: &Response<R>) -> Self {
        let left = response
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok());
        let status = response.status();
        let none = matches!(
            status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        ) || status.is_informational()
            || *method == Method::HEAD;
        Self {
            left,
            complete: none || left == Some(0) || response.body().is_end_stream(),
        }
    }

    /// Counts what a body yielded.
    pub(crate) fn count<R: Body>(
        &mut self,
        frame: Option<&Result<Frame<R::Data>, R::Error>>,
        body: &R,
    ) {
        match frame {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, |data| data.remaining() as u64);
                self.left = self.left.map(|left| left.saturating_sub(length));
                self.complete = self.left == Some(0) || body.is_end_stream();
            }
            // An error is no end.
            Some(Err(_)) => {}
            None => self.complete = true,
        }
    }

    /// Returns whether everything was yielded.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }
}
