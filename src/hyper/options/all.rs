use super::Limits;
use crate::hyper::observe::RejectionHook;

/// What holds for every connection of a server.
#[derive(Clone, Debug)]
pub(in crate::hyper) struct Options {
    pub(in crate::hyper) limits: Limits,
    /// Whether a client of HTTP/1 that closes its sending side still gets its answer.
    pub(in crate::hyper) half_close: bool,
    pub(in crate::hyper) rejection_hook: Option<RejectionHook>,
    /// On how many threads of its own the server works; `None` on the runtime that it is served on.
    pub(in crate::hyper) threads: Option<usize>,
}

impl Options {
    /// Returns how many accept connections, each for itself.
    pub(in crate::hyper) fn workers(&self) -> usize {
        self.threads.unwrap_or(1)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            half_close: true,
            threads: None,
            rejection_hook: None,
        }
    }
}
