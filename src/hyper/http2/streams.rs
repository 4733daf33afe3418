//! The tasks of a connection's streams.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use hyper::rt::Executor;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::hyper::observe::current_span;

/// The tasks of a connection's streams. They end with it.
#[derive(Default)]
pub(super) struct Streams(Arc<Mutex<JoinSet<()>>>);

impl Streams {
    pub(super) fn executor(&self) -> StreamExecutor {
        StreamExecutor(Arc::downgrade(&self.0))
    }

    /// Forgets the tasks that ended, and returns how many there are.
    pub(super) fn reap(&self) -> usize {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.len()
    }
}

/// Spawns the tasks of streams. They hold it, so it must not keep them alive.
#[derive(Clone)]
pub(super) struct StreamExecutor(Weak<Mutex<JoinSet<()>>>);

impl<F> Executor<F> for StreamExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        if let Some(tasks) = self.0.upgrade() {
            let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.spawn(stream.instrument(current_span()));
        }
    }
}
