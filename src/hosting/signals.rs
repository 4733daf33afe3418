use std::convert::Infallible;

use super::Stopper;
use crate::contract::Error;

/// The signals by which a process is asked to end: SIGINT and SIGTERM, elsewhere Ctrl+C.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Begins to listen; from now on the signals do not end the process by themselves.
    pub(super) fn listen() -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            signal(kind)
                .map_err(|cause| Error::configuration_from("failed to listen for signals", cause))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal; dropping the future loses none.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            Some(()) = self.interrupt.recv() => "SIGINT",
            Some(()) = self.terminate.recv() => "SIGTERM",
            else => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    pub(super) fn listen() -> Result<Self, Error> {
        Ok(Self {})
    }

    pub(super) async fn next(&mut self) -> &'static str {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl+C",
            Err(_) => std::future::pending().await,
        }
    }
}

impl Signals {
    /// Stops a host at the first signal and aborts what is left at the second.
    pub(super) async fn rule(mut self, stopper: &Stopper) -> Infallible {
        let name = self.next().await;
        tracing::info!(target: "transom::hosting", "Received {name}");
        stopper.stop();
        let name = self.next().await;
        tracing::warn!(target: "transom::hosting", "Received {name} while stopping: aborting what is in flight");
        stopper.abort();
        std::future::pending().await
    }
}
