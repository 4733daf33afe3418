//! What needs a driver that is whole: Windows has one; Wine's own can send no response in pieces, and hears of no
//! disconnect.
#![cfg(windows)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod expect;
mod flow;
mod framing;
mod gone;
mod heads;
mod many;
mod pieces;
mod races;
mod stop;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod support;
mod upgrade;
