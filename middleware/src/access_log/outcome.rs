use http::StatusCode;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server took all of the response.
    Complete,
    /// The client was gone, or had closed its side, before that.
    Disconnected,
    /// The application hung up.
    Aborted,
    /// The service, or the content of the response, ended with an error.
    Failed,
    /// The service, or the content of the response, panicked.
    Panicked,
}

impl Outcome {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Disconnected => "disconnected",
            Self::Aborted => "aborted",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
        }
    }

    /// Returns the status of a request that got no response.
    pub(super) fn unanswered(self) -> StatusCode {
        match self {
            Self::Failed | Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            _ => Self::closed(),
        }
    }

    /// Returns nginx's own status, for a client that closed before it was answered.
    pub(super) fn closed() -> StatusCode {
        StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
    }
}
