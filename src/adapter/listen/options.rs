use std::time::Duration;

/// How a socket that listens is made.
///
/// ```
/// use transom::adapter::{SocketOptions, bind_with};
///
/// let options = SocketOptions::default().with_backlog(64);
/// let listeners = bind_with(&["http://127.0.0.1:0".parse()?], &options)?;
/// assert_ne!(listeners[0].address().port(), Some(0));
///
/// let only = options.with_unix_mode(0o660);
/// # #[cfg(unix)]
/// assert!(bind_with(&["http://127.0.0.1:0".parse()?], &only).unwrap_err().is_configuration());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "SocketTransportOptions")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SocketOptions {
    pub(crate) backlog: u32,
    pub(super) ipv6_only: Option<bool>,
    pub(super) reuse_port: bool,
    pub(super) keep_alive: Option<Duration>,
    pub(crate) receive_buffer: Option<usize>,
    pub(crate) send_buffer: Option<usize>,
    pub(super) unix_mode: Option<u32>,
    pub(super) unix_owner: Option<String>,
    pub(super) unix_group: Option<String>,
}

impl SocketOptions {
    /// Sets how many connections may wait to be accepted; 512 by default. The system may allow fewer.
    pub fn with_backlog(mut self, connections: u32) -> Self {
        self.backlog = connections;
        self
    }

    /// Sets whether an IPv6 address takes connections of IPv6 alone. By default `[::]` and `*` take those of
    /// IPv4 too.
    pub fn with_ipv6_only(mut self, only: bool) -> Self {
        self.ipv6_only = Some(only);
        self
    }

    /// Sets whether other sockets of the same user may listen at the same address, each with a share of the
    /// connections (`SO_REUSEPORT`); `false` by default. With it, a second copy of the program that is started
    /// by mistake is no error.
    ///
    /// Systems without it fail to bind.
    pub fn with_reuse_port(mut self, reuse: bool) -> Self {
        self.reuse_port = reuse;
        self
    }

    /// Sets after how long a silent connection is probed for whether the client is still there
    /// (`SO_KEEPALIVE`); `None`, the default, for never. It finds peers that vanished without a word, which
    /// the timeouts of HTTP do not, on upgraded connections say.
    pub fn with_keep_alive(mut self, idle: Option<Duration>) -> Self {
        self.keep_alive = idle;
        self
    }

    /// Sets the size of the system's buffer for what arrives, in bytes (`SO_RCVBUF`); by default the system
    /// chooses, and adapts it.
    pub fn with_receive_buffer(mut self, bytes: usize) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// Sets the size of the system's buffer for what is sent, in bytes (`SO_SNDBUF`); by default the system
    /// chooses, and adapts it.
    pub fn with_send_buffer(mut self, bytes: usize) -> Self {
        self.send_buffer = Some(bytes);
        self
    }

    /// Sets who may connect to a unix socket, as the mode of its file: `0o660` for its owner and its group.
    /// By default the umask of the process decides.
    ///
    /// Nobody can connect before the mode and the owner are set.
    pub fn with_unix_mode(mut self, mode: u32) -> Self {
        self.unix_mode = Some(mode);
        self
    }

    /// Sets the owner of the file of a unix socket, by name or number. It takes the privileges of `chown`.
    pub fn with_unix_owner(mut self, user: impl Into<String>) -> Self {
        self.unix_owner = Some(user.into());
        self
    }

    /// Sets the group of the file of a unix socket, by name or number. The process has to be of it, or
    /// privileged.
    pub fn with_unix_group(mut self, group: impl Into<String>) -> Self {
        self.unix_group = Some(group.into());
        self
    }

    /// Returns the first option that only the file of a unix socket can have.
    pub(crate) fn of_a_file(&self) -> Option<&'static str> {
        let options = [
            ("unix_mode", self.unix_mode.is_some()),
            ("unix_owner", self.unix_owner.is_some()),
            ("unix_group", self.unix_group.is_some()),
        ];
        options.iter().find(|(_, set)| *set).map(|(name, _)| *name)
    }

    /// Returns the first option that only a TCP socket can have.
    pub(crate) fn of_tcp(&self) -> Option<&'static str> {
        let options = [
            ("ipv6_only", self.ipv6_only.is_some()),
            ("reuse_port", self.reuse_port),
            ("keep_alive", self.keep_alive.is_some()),
        ];
        options.iter().find(|(_, set)| *set).map(|(name, _)| *name)
    }
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            backlog: 512,
            ipv6_only: None,
            reuse_port: false,
            keep_alive: None,
            receive_buffer: None,
            send_buffer: None,
            unix_mode: None,
            unix_owner: None,
            unix_group: None,
        }
    }
}
