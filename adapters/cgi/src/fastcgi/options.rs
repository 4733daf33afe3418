use std::time::Duration;

/// What may be set of FastCGI beside what all servers of gateways have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FastCgiOptions {
    /// At a time, on one connection.
    pub(super) requests: usize,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) hold_up_timeout: Option<Duration>,
}

impl Default for FastCgiOptions {
    fn default() -> Self {
        Self {
            // Whoever multiplexes is rare, and a connection may need memory for each.
            requests: 16,
            // Longer than web servers keep a connection by default, so that they are the ones to close it.
            idle_timeout: Some(Duration::from_secs(180)),
            hold_up_timeout: Some(Duration::from_secs(10)),
        }
    }
}
