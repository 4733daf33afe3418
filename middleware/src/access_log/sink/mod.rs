//! Where lines go: to whoever listens to events, or over a queue to a thread that writes.

mod events;
mod files;
mod functions;
mod line_writer;
mod lines;
mod names;
mod queue;
mod rolling_file;
mod writer;

pub(super) use files::Files;
pub(super) use functions::Functions;
pub(super) use line_writer::LineWriter;
pub(super) use lines::{BatchError, Lines};
pub use rolling_file::RollingFile;
pub(super) use writer::{Sink, Writer};
