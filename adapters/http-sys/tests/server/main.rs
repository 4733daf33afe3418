//! What of the server a run under Wine can show, and Windows shows too.
#![cfg(windows)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod answers;
mod kernel;
mod life;
mod many;
mod pipeline;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod support;
