use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::Request;

/// Who may see it.
#[derive(Clone)]
pub(super) struct Guard(Arc<Predicate>);

type Predicate = dyn Fn(Request<()>) -> Decision + Send + Sync;

/// Whether a request may.
pub(super) type Decision = Pin<Box<dyn Future<Output = bool> + Send>>;

impl Guard {
    pub(super) fn new<F, Answer>(predicate: F) -> Self
    where
        F: Fn(Request<()>) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = bool> + Send + 'static,
    {
        Self(Arc::new(move |head| Box::pin(predicate(head))))
    }

    pub(super) fn ask(&self, head: Request<()>) -> Decision {
        (self.0)(head)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}
