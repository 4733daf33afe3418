//! Events, and the requests that they are.

mod client;
mod escape;
mod event;
mod head;
mod json;
mod query;
mod request;

pub(crate) use event::{Event, Form};
pub(crate) use request::{Facts, Refused};
