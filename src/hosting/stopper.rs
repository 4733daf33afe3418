use std::sync::Arc;

use crate::features::Feature;
use crate::signal::Signal;

/// Stops a host from anywhere: from a task, or from a request.
///
/// It is a feature of the host, there while the pipeline is built:
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use http::StatusCode;
/// use transom::{Host, hosting::Stopper, testing::TestServer};
///
/// let host = Host::builder(TestServer::new()).try_configure(|app| {
///     let stopper = app.server_features().require::<Stopper>()?.clone();
///     Ok(app.run_fn(move |_| {
///         stopper.stop();
///         async { StatusCode::ACCEPTED }
///     }))
/// });
/// let host = host.start().await?;
/// host.stopper().stop(); // the same from outside
/// host.wait().await?;
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "StopApplication")]
#[derive(Clone, Debug, Default)]
pub struct Stopper(Arc<Requests>);

#[derive(Debug, Default)]
struct Requests {
    stop: Signal,
    abort: Signal,
}

impl Stopper {
    /// Asks the host to stop: to drain for as long as its shutdown timeout. Further calls do nothing.
    pub fn stop(&self) {
        self.0.stop.fire();
    }

    /// Asks the host to stop and to wait for nothing: what is in flight is aborted. Further calls do
    /// nothing.
    pub fn abort(&self) {
        self.0.abort.fire();
        self.0.stop.fire();
    }

    pub(super) async fn stop_requested(&self) {
        self.0.stop.wait().await;
    }

    pub(super) async fn abort_requested(&self) {
        self.0.abort.wait().await;
    }
}

impl Feature for Stopper {
    const NAME: &'static str = "host.stopper";
}
