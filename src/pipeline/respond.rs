use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use crate::body::{Body, BoxError};
use crate::contract::Response;

/// What the functions of a pipeline may return.
///
/// Deliberately little: rich conversions belong to frameworks, and a framework's own response is one.
///
/// ```
/// use http::StatusCode;
/// use transom::pipeline::IntoResponse;
///
/// let response = (StatusCode::CREATED, "made").into_response();
/// assert_eq!(response.status(), 201);
/// assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response",
    note = "an `http::Response`, a `StatusCode`, text, bytes, a `Body`, `(StatusCode, _)` of those, \
            a `body::Error`, and a `Result` of two of them are"
)]
pub trait IntoResponse {
    /// Turns the value into a response.
    fn into_response(self) -> Response;
}

impl<B> IntoResponse for http::Response<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    fn into_response(self) -> Response {
        self.map(Body::new)
    }
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self;
        response
    }
}

impl<R: IntoResponse> IntoResponse for (StatusCode, R) {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        *response.status_mut() = self.0;
        response
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(response) => response.into_response(),
            Err(error) => error.into_response(),
        }
    }
}

impl IntoResponse for Infallible {
    fn into_response(self) -> Response {
        match self {}
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::new(Body::empty())
    }
}

impl IntoResponse for Body {
    fn into_response(self) -> Response {
        Response::new(self)
    }
}

fn with_type(body: Body, content_type: &'static str) -> Response {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

macro_rules! typed {
    ($content_type:literal: $($kind:ty),*) => {
        $(impl IntoResponse for $kind {
            fn into_response(self) -> Response {
                with_type(Body::from(self), $content_type)
            }
        })*
    };
}

typed!("text/plain; charset=utf-8": &'static str, String);
typed!("application/octet-stream": &'static [u8], Vec<u8>, Bytes);
