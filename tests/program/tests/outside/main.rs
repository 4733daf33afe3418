//! The program from outside: what it says, what signals do to it, and what it exits with.
#![cfg(unix)]

mod bad_input;
mod iis;
mod module;
mod program;
mod signals;
#[cfg(target_os = "linux")]
mod systemd;
