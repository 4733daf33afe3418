use std::borrow::Cow;
use std::fmt;

use http::{HeaderValue, Response, StatusCode, header};

/// Why a request is refused before the application sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    why: Cow<'static, str>,
}

impl Refusal {
    /// The gateway said what is no request.
    pub(crate) fn malformed(why: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            why: why.into(),
        }
    }

    /// The variables are too many, or too long.
    pub(crate) fn too_large(why: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            why: why.into(),
        }
    }

    /// Whoever asks may not.
    pub(crate) fn forbidden(why: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            why: why.into(),
        }
    }

    /// The gateway was silent before the request was whole.
    pub(crate) fn too_slow() -> Self {
        Self {
            status: StatusCode::REQUEST_TIMEOUT,
            why: "the request did not come to its end in time".into(),
        }
    }

    /// Returns the cause for the server's statistics.
    pub(crate) fn cause(&self) -> &'static str {
        match self.status {
            StatusCode::FORBIDDEN => "forbidden",
            StatusCode::REQUEST_TIMEOUT => "request_headers_timeout",
            _ => "invalid_request",
        }
    }

    /// Returns the head of the answer, and its text.
    pub(crate) fn answer(&self) -> (http::response::Parts, String) {
        let text = format!("{self}\n");
        let (mut head, ()) = Response::new(()).into_parts();
        head.status = self.status;
        head.headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        head.headers
            .insert(header::CONTENT_LENGTH, text.len().into());
        (head, text)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Refusal {}
