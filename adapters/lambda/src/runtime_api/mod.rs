//! The client's side of the Runtime API: whence invocations come, and where answers go.

mod address;
mod invocation;
mod link;
mod outgoing;
mod problem;

pub(crate) use address::RuntimeApi;
pub(crate) use invocation::Invocation;
pub(crate) use link::{Failed, Link};
pub(crate) use outgoing::Outgoing;
pub(crate) use problem::Problem;
