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
}
