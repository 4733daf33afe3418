use super::Limits;

/// What holds for every connection of a server.
#[derive(Clone, Debug)]
pub(in crate::hyper) struct Options {
    pub(in crate::hyper) limits: Limits,
    /// Whether a client of HTTP/1 that closes its sending side still gets its answer.
    pub(in crate::hyper) half_close: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            half_close: true,
        }
    }
}
