//! Limits and deadlines.

mod limit;
mod timer;

pub use limit::{in_time, or_forever};
pub use timer::Timer;
