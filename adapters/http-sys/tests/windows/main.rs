//! What needs the HTTP.sys of Windows itself: no other driver has it.
#![cfg(windows)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod delegation;
mod facts;
mod options;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod support;

/// Returns a name that no other queue of this machine has.
fn queue_name() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("transom-{}-{next}", std::process::id())
}
