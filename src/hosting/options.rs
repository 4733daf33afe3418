//! What a host is told besides its servers and its pipeline.

use std::time::Duration;

use super::HostEnvironment;
use crate::features::RequestedAddresses;

/// Options of a host, each as far as somebody gave it.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) urls: RequestedAddresses,
    /// What the process was assigned, which wins over every other address.
    pub(super) assigned_urls: RequestedAddresses,
    pub(super) prefer_hosting_urls: Option<bool>,
    pub(super) environment: Option<HostEnvironment>,
    pub(super) shutdown_delay: Option<Duration>,
    pub(super) shutdown_timeout: Option<Duration>,
    pub(super) suppress_status_messages: Option<bool>,
    #[cfg(all(feature = "systemd", target_os = "linux"))]
    pub(super) service_manager: Option<super::systemd::ServiceManager>,
    /// What to warn of when the host starts: a log may not be there before.
    pub(super) warnings: Vec<String>,
}

impl Options {
    /// How long a host drains unless somebody says otherwise.
    const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

    /// Returns these options, and `defaults` where these say nothing.
    pub(super) fn or(self, defaults: Self) -> Self {
        Self {
            urls: match self.urls.is_empty() {
                true => defaults.urls,
                false => self.urls,
            },
            assigned_urls: match self.assigned_urls.is_empty() {
                true => defaults.assigned_urls,
                false => self.assigned_urls,
            },
            prefer_hosting_urls: self.prefer_hosting_urls.or(defaults.prefer_hosting_urls),
            environment: self.environment.or(defaults.environment),
            shutdown_delay: self.shutdown_delay.or(defaults.shutdown_delay),
            shutdown_timeout: self.shutdown_timeout.or(defaults.shutdown_timeout),
            suppress_status_messages: self
                .suppress_status_messages
                .or(defaults.suppress_status_messages),
            #[cfg(all(feature = "systemd", target_os = "linux"))]
            service_manager: self.service_manager.or(defaults.service_manager),
            warnings: [defaults.warnings, self.warnings].concat(),
        }
    }

    /// How long a host that was asked to stop serves on.
    pub(super) fn shutdown_delay(&self) -> Duration {
        self.shutdown_delay.unwrap_or(Duration::ZERO)
    }

    pub(super) fn shutdown_timeout(&self) -> Duration {
        self.shutdown_timeout.unwrap_or(Self::SHUTDOWN_TIMEOUT)
    }

    pub(super) fn shows_status_messages(&self) -> bool {
        !self.suppress_status_messages.unwrap_or(false)
    }
}
