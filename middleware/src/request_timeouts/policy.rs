use std::time::Duration;

use http::StatusCode;

/// What holds for a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    /// `None`: any time.
    pub(super) timeout: Option<Duration>,
    pub(super) status: StatusCode,
    pub(super) grace: Duration,
    pub(super) body_included: bool,
}
