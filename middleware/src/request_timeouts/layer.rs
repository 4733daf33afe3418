use std::time::Duration;

use http::StatusCode;
use tower_layer::Layer;

use super::RequestTimeouts;
use super::policy::Policy;

/// Makes of a service one whose requests have a time in which they are answered. See the [module](super).
#[doc(alias = "UseRequestTimeouts")]
#[doc(alias = "RequestTimeoutPolicy")]
#[derive(Clone, Debug)]
pub struct RequestTimeoutsLayer(Policy);

impl RequestTimeoutsLayer {
    /// Gives each request this time, and answers 504 when it is over. One so long that the clock has no such
    /// instant is none.
    pub fn new(timeout: Duration) -> Self {
        Self(Policy {
            timeout: Some(timeout),
            status: StatusCode::GATEWAY_TIMEOUT,
            grace: Duration::ZERO,
            body_included: false,
        })
    }

    /// Gives each request any time: for a branch below a layer that gives less.
    #[doc(alias = "DisableRequestTimeout")]
    pub fn disabled() -> Self {
        let Self(policy) = Self::new(Duration::ZERO);
        Self(Policy {
            timeout: None,
            ..policy
        })
    }

    /// Sets the status of the answer. 504 by default.
    #[must_use]
    #[doc(alias = "TimeoutStatusCode")]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self(Policy { status, ..self.0 })
    }

    /// Sets how long the application goes on after it was told, so that it can put away what it holds. None by
    /// default: it is polled once more, and then dropped.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self(Policy { grace, ..self.0 })
    }

    /// Sets whether the content of the response has to be through in that time, too: the application is told, and
    /// the response is broken off with an error. Off by default. Upgraded connections, and whatever answers CONNECT,
    /// are left alone all the same.
    #[must_use]
    pub fn with_body_included(self, included: bool) -> Self {
        Self(Policy {
            body_included: included,
            ..self.0
        })
    }
}

impl<S> Layer<S> for RequestTimeoutsLayer {
    type Service = RequestTimeouts<S>;

    fn layer(&self, inner: S) -> RequestTimeouts<S> {
        RequestTimeouts::new(inner, self.0)
    }
}
