//! A small OWIN server on hyper: it knows the keys of OWIN, and nothing of Transom's servers.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test that takes it in uses a part of it"
)]

mod body;
mod connection;
mod request;
mod server;

pub use server::Nowin;
