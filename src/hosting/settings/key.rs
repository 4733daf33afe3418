//! The names of the settings.

/// A setting of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Urls,
    HttpPorts,
    HttpsPorts,
    PreferHostingUrls,
    Environment,
    ShutdownDelay,
    ShutdownTimeout,
    ShutdownTimeoutSeconds,
    Server,
    SuppressStatusMessages,
    Config,
    LaunchProfile,
}

impl Key {
    /// What a file may hold.
    pub(super) const OF_FILES: [Self; 10] = [
        Self::Urls,
        Self::HttpPorts,
        Self::HttpsPorts,
        Self::PreferHostingUrls,
        Self::Environment,
        Self::ShutdownDelay,
        Self::ShutdownTimeout,
        Self::ShutdownTimeoutSeconds,
        Self::Server,
        Self::SuppressStatusMessages,
    ];

    /// What the environment may say besides.
    pub(super) const OF_VARIABLES: [Self; 2] = [Self::Config, Self::LaunchProfile];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Urls => "urls",
            Self::HttpPorts => "http_ports",
            Self::HttpsPorts => "https_ports",
            Self::PreferHostingUrls => "prefer_hosting_urls",
            Self::Environment => "environment",
            Self::ShutdownDelay => "shutdown_delay",
            Self::ShutdownTimeout => "shutdown_timeout",
            Self::ShutdownTimeoutSeconds => "shutdown_timeout_seconds",
            Self::Server => "server",
            Self::SuppressStatusMessages => "suppress_status_messages",
            Self::Config => "config",
            Self::LaunchProfile => "launch_profile",
        }
    }

    /// Returns the setting that a variable means, its prefix taken off. .NET writes no underscores
    /// between words, so they do not count.
    pub(super) fn of_variable(name: &str) -> Option<Self> {
        let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
        let name = plain(name);
        let mut known = Self::OF_FILES.into_iter().chain(Self::OF_VARIABLES);
        known.find(|key| plain(key.name()) == name)
    }

    /// Returns whether .NET has the same setting under the same name.
    pub(super) fn is_of_dotnet(self) -> bool {
        !matches!(
            self,
            Self::ShutdownDelay
                | Self::ShutdownTimeout
                | Self::Server
                | Self::Config
                | Self::LaunchProfile
        )
    }
}
