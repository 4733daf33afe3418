//! Runs every example as a person would: starts it, asks what its lesson says, and ends it with Ctrl+C.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

mod fastcgi;
mod lessons;
mod pipelines;
mod program;
