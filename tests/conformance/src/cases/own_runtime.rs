//! A runtime of a case's own, whose tasks are the server's alone.

use tokio::runtime::{Builder, Runtime};

use crate::{Failure, Outcome};

pub(super) struct OwnRuntime(Option<Runtime>);

impl OwnRuntime {
    pub(super) fn new(workers: usize) -> Outcome<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(workers).enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs a future on it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = Outcome<T>> + Send + 'static,
    ) -> Outcome<T> {
        self.runtime()?.spawn(future).await?
    }

    /// Returns the number of tasks that have not ended.
    pub(super) fn tasks(&self) -> usize {
        self.runtime()
            .map_or(0, |runtime| runtime.metrics().num_alive_tasks())
    }

    fn runtime(&self) -> Outcome<&Runtime> {
        let gone = || Failure::new("the runtime is gone");
        self.0.as_ref().ok_or_else(gone)
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // A case runs on another runtime, where it must not wait for this one.
            runtime.shutdown_background();
        }
    }
}
