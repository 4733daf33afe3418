//! What the service manager is told, by the protocol of `sd_notify(3)`.

use std::convert::Infallible;
use std::fmt::Display;
use std::future::{Future as _, pending, poll_fn};
use std::task::Poll;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::MissedTickBehavior;

use crate::features::ServerReload;

/// The service manager, if there is one that listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceManager {
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// Returns the one that started this process (`NOTIFY_SOCKET`), if there is one.
    pub(super) fn find() -> Option<Self> {
        std::env::var_os("NOTIFY_SOCKET")?;
        Some(Self {
            watchdog: sd_notify::watchdog_enabled().filter(|interval| !interval.is_zero()),
        })
    }

    /// Says that every server serves.
    pub(super) fn ready(self, addresses: &[impl Display]) {
        let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let status = format!("Listening on {}", addresses.join(", "));
        self.notify(&[NotifyState::Ready, NotifyState::Status(&status)]);
    }

    /// Says that the host begins to stop.
    pub(super) fn stopping(self) {
        let status = NotifyState::Status("Shutting down");
        self.notify(&[NotifyState::Stopping, status]);
    }

    /// Says that the process is alive, twice in each interval that the manager waits for it. A runtime that
    /// is stuck does not say so.
    pub(super) async fn watch(self) -> Infallible {
        let Some(interval) = self.watchdog else {
            return pending().await;
        };
        let mut ticks = tokio::time::interval((interval / 2).max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.notify(&[NotifyState::Watchdog]);
        }
    }

    /// Says whenever one of the servers takes in a configuration that changed, and that it has.
    pub(super) async fn follow(self, servers: Vec<ServerReload>) -> Infallible {
        let mut seen: Vec<_> = servers.iter().map(|_| 0).collect();
        loop {
            any_begins(&servers, &seen).await;
            self.reloading();
            for (server, seen) in servers.iter().zip(&mut seen) {
                *seen = server.begun();
                server.settled().await;
            }
            self.notify(&[NotifyState::Ready]);
        }
    }

    /// Says that a configuration is taken in, and since when, which tells the READY behind it from one before.
    fn reloading(self) {
        match NotifyState::monotonic_usec_now() {
            Ok(since) => self.notify(&[NotifyState::Reloading, since]),
            Err(error) => {
                tracing::warn!(target: "transom::hosting", %error, "The system has no clock");
            }
        }
    }

    fn notify(self, states: &[NotifyState<'_>]) {
        if let Err(error) = sd_notify::notify(states) {
            tracing::warn!(target: "transom::hosting", %error, "The service manager cannot be told");
        }
    }
}

/// Waits until one of the servers has begun once more than was seen.
async fn any_begins(servers: &[ServerReload], seen: &[u64]) {
    let mut begins: Vec<_> = (servers.iter().zip(seen))
        .map(|(server, seen)| Box::pin(server.begun_since(*seen)))
        .collect();
    poll_fn(|cx| {
        let mut begins = begins.iter_mut();
        match begins.any(|begins| begins.as_mut().poll(cx).is_ready()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}
