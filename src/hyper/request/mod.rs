//! One request of HTTP/1 or HTTP/2, from hyper to the application and back.

mod body;
mod service;
mod upgrade;
mod validate;

pub(super) use service::{Http1, Requests, Speaks};
pub(super) use upgrade::UpgradedConnections;
