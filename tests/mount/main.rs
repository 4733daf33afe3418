//! An application that somebody else calls.
#![allow(clippy::unwrap_used, reason = "tests")]

mod axum;
mod end;
mod path_base;
mod support;
mod upgrade;
