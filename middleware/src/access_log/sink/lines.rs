use std::io;

/// Takes lines, which are without line feeds, on the thread of a [`Writer`](super::Writer).
pub(in crate::access_log) trait Lines: Send + 'static {
    fn write(&mut self, lines: &[String]) -> Result<(), BatchError>;
}

/// Some of the lines could not be written.
#[derive(Debug)]
pub(in crate::access_log) struct BatchError {
    /// How many.
    pub(super) lost: usize,
    pub(super) error: io::Error,
}
