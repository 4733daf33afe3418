//! What becomes of the error of a stage.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use http_body_util::LengthLimitError;
use tower::load_shed::error::Overloaded;

use super::{Failure, IntoResponse};
use crate::body::{self, BoxError};
use crate::contract::Response;

/// A mapping of errors to responses, shared by the stages of a pipeline.
#[derive(Clone)]
pub(super) struct ErrorMapper(Arc<dyn Fn(BoxError) -> Response + Send + Sync>);

impl ErrorMapper {
    pub(super) fn new<R: IntoResponse>(
        map: impl Fn(BoxError) -> R + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |error| map(error).into_response()))
    }

    pub(super) fn respond(&self, error: BoxError) -> Response {
        (self.0)(error)
    }
}

impl Default for ErrorMapper {
    fn default() -> Self {
        Self::new(Failure::new)
    }
}

impl fmt::Debug for ErrorMapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErrorMapper")
    }
}

/// A function may end with `?` on a body: what it was not given is answered as a layer's error is.
impl IntoResponse for body::Error {
    fn into_response(self) -> Response {
        Failure::new(self).into_response()
    }
}

pub(super) fn log(error: &(dyn StdError + 'static), status: StatusCode) {
    #[cfg(feature = "tracing")]
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(target: "transom", error, "a stage of the pipeline failed");
    } else {
        tracing::debug!(target: "transom", error, %status, "a stage of the pipeline refused");
    }
    let _ = (error, status);
}

/// Returns the status of the first cause that is known.
pub(super) fn status_of(error: &(dyn StdError + 'static)) -> StatusCode {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(status) = known(error) {
            return status;
        }
        cause = error.source();
    }
    StatusCode::INTERNAL_SERVER_ERROR
}

fn known(error: &(dyn StdError + 'static)) -> Option<StatusCode> {
    if let Some(body) = error.downcast_ref::<body::Error>() {
        return match () {
            () if body.is_length_limit() => Some(StatusCode::PAYLOAD_TOO_LARGE),
            () if body.is_timeout() => Some(StatusCode::REQUEST_TIMEOUT),
            // Nobody will see it; it is what the log should say.
            () if body.is_disconnect() => Some(StatusCode::BAD_REQUEST),
            () => None,
        };
    }
    if error.is::<LengthLimitError>() {
        return Some(StatusCode::PAYLOAD_TOO_LARGE);
    }
    if error.is::<Overloaded>() {
        return Some(StatusCode::SERVICE_UNAVAILABLE);
    }
    #[cfg(feature = "tokio")]
    {
        if error.is::<tower::timeout::error::Elapsed>() {
            return Some(StatusCode::GATEWAY_TIMEOUT);
        }
        if error.is::<tower_http::timeout::TimeoutError>() {
            return Some(StatusCode::REQUEST_TIMEOUT);
        }
    }
    None
}
