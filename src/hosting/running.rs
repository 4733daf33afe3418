use std::fmt;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{HostLifetime, Stopper};
use crate::contract::Error;
use crate::features::{Features, ServerAddress};

/// A host whose servers serve. Dropping it aborts everything.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::{Host, HyperServer};
///
/// let host = Host::builder(HyperServer::new("http://127.0.0.1:0"))
///     .configure(|app| app.run_fn(|_| async { "hello" }))
///     .start()
///     .await?;
/// assert_ne!(host.addresses()[0].port(), Some(0));
/// host.stop().await?;
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "dropping it aborts the host; `wait` for it, or `stop` it"]
pub struct RunningHost {
    /// The one task of the supervisor, which owns those of the servers.
    pub(super) supervisor: JoinSet<Result<(), Error>>,
    pub(super) addresses: Vec<ServerAddress>,
    pub(super) servers: Vec<Arc<Features>>,
    pub(super) lifetime: HostLifetime,
    pub(super) stopper: Stopper,
}

impl RunningHost {
    /// Returns the addresses that all the servers bound, in the order of the servers.
    pub fn addresses(&self) -> &[ServerAddress] {
        &self.addresses
    }

    /// Returns the features of each server, in the order in which the host was given them.
    pub fn server_features(&self) -> impl Iterator<Item = &Features> {
        self.servers.iter().map(|features| &**features)
    }

    /// Returns how far the host has come, to wait for it elsewhere.
    pub fn lifetime(&self) -> HostLifetime {
        self.lifetime.clone()
    }

    /// Returns a handle that stops the host from elsewhere.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Stops: the servers take nothing new and drain; what is left after the shutdown timeout is aborted.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts everything at once.
    pub async fn stop(self) -> Result<(), Error> {
        self.stopper.stop();
        self.wait().await
    }

    /// Waits until the host has stopped, for whatever reason.
    ///
    /// # Errors
    ///
    /// [`Error::is_serve`] when a server failed by itself, which stops the others;
    /// [`Error::is_shutdown_timeout`] when requests or upgraded connections were aborted.
    ///
    /// # Panics
    ///
    /// Panics if the future given to
    /// [`with_shutdown_signal`](super::HostBuilder::with_shutdown_signal) did.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts everything at once.
    pub async fn wait(mut self) -> Result<(), Error> {
        match self.supervisor.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            _ => Err(Error::serve("of the host", "its runtime was shut down")),
        }
    }
}

impl fmt::Debug for RunningHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningHost")
            .field("addresses", &self.addresses)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
