//! How a line is written. All that is not visible ASCII is escaped in all of them, so that nobody who is logged can
//! begin a line of his own, or speak to the terminal that it is read in.

mod clf;
mod escape;
mod json;
mod log_format;
mod stamp;
mod w3c;
mod w3c_field;

pub(super) use escape::escape;
pub use json::JsonFormat;
pub use log_format::LogFormat;
pub(super) use stamp::Stamp;
pub use w3c::W3cFormat;
pub use w3c_field::W3cField;
