use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use transom::body::BoxError;

/// Says that a store is away, and not more often than every ten seconds.
#[derive(Debug, Default)]
pub(super) struct Outage(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    last: Option<Instant>,
    /// Since then.
    failures: u64,
}

const PAUSE: Duration = Duration::from_secs(10);

impl Outage {
    pub(super) fn failed(&self, error: &BoxError) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.failures += 1;
        let now = Instant::now();
        if said.last.is_some_and(|last| now - last < PAUSE) {
            return;
        }
        tracing::error!(
            error = &**error as &(dyn std::error::Error + 'static),
            requests = said.failures,
            "the store of the rate limits does not answer"
        );
        *said = Said {
            last: Some(now),
            failures: 0,
        };
    }
}
