use std::future::Future;
use std::pin::Pin;

use transom::body::BoxError;

use super::{Quota, RateLimitDecision, RateLimitKey};

/// Where requests are counted for more than one process.
///
/// A `name` and a key are one budget. Two processes that ask at the same time must not both get the last of it: the
/// store decides and counts in one step.
pub trait RateLimitStore: Send + Sync + 'static {
    /// Counts a request, and says whether it is handed on. An implementation has to come to an end by itself, within
    /// the time that a request can wait.
    fn take<'a>(
        &'a self,
        name: &'a str,
        key: &'a RateLimitKey,
        quota: &'a Quota,
    ) -> Pin<Box<dyn Future<Output = Result<RateLimitDecision, BoxError>> + Send + 'a>>;
}

/// What happens while a [`RateLimitStore`] does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WithoutStore {
    /// Requests are handed on: a limit that is away must not take the application with it.
    #[default]
    Allow,
    /// Requests are answered 503: what the limit protects must not be reached without it.
    Refuse,
}
