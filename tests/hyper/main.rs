//! What is particular to `HyperServer`. What every server does is a case of `transom-conformance`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod addresses;
mod configuration;
mod corpus;
mod disconnect;
mod endpoints;
mod heads;
mod http2;
mod http3;
mod limits;
mod output;
mod proxy_protocol;
mod stop;
mod support;
mod tls;
mod unread;
mod upgrade;
