//! Proves that a server keeps Transom's contract.
//!
//! A server's test is its manifest and these lines (with `harness = false` for it in `Cargo.toml`):
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use transom::testing::TestServer;
//! use transom_conformance::Target;
//! # const MANIFEST: &str = "";
//!
//! fn main() -> ExitCode {
//!     // const MANIFEST: &str = include_str!("../conformance.toml");
//!     transom_conformance::run(Target::new(MANIFEST, TestServer::new))
//! }
//! ```
//!
//! One running server serves every case: each request says in a field which case it belongs to, and is
//! answered by that case's application. Every application runs inside a [`Lint`], which holds both sides to
//! the contract at run time. A case that holds on every protocol is a test line for each that the server
//! speaks: `S-BODY-CL@h1`, `S-BODY-CL@h2`.
//!
//! The [`Manifest`] says what the server lacks. A case that needs it is not listed; instead the absence is:
//! `absent: http2 (the engine has none)` runs those cases and demands that one fails. So a manifest can
//! neither boast nor hide.
//!
//! # Adding a case
//!
//! 1. Write its client in the group's file in `src/cases/`, and its application if the observing one
//!    does not do.
//! 2. Put a line into the table at the top of that file: the id, the rule as one sentence, the client.
//! 3. Put a fault that makes it fail into `tests/faults/`, and run `generate`.

mod alone;
pub mod by_hand;
mod capability;
mod case;
pub mod cases;
mod certified;
mod client;
mod edge;
mod failure;
mod gateway;
mod hosted;
mod lint;
mod manifest;
mod memory;
mod notes;
mod observer;
mod run;
mod running;
pub mod spec;
mod suite;
mod target;

pub use alone::in_own_process;
pub use capability::Capability;
pub use case::Case;
pub use certified::certified;
pub use client::{Connection, Frame, Frames, Protocol, Reply, Wire, WireHead, WireReply};
pub use edge::Edge;
pub use failure::{DEADLINE, Failure, Outcome, ensure, same, within, within_for};
pub use gateway::{BehindGateway, BoundBehindGateway, Gateway, GatewayConnection};
pub use hosted::{BoundHosted, Hosted, Hosting};
pub use lint::{Lint, Report, Rule, Side, Violation};
pub use manifest::{Manifest, ManifestError, Support};
pub use notes::{Notes, Seen};
pub use observer::{observe, observer};
pub use run::Run;
pub use running::Running;
pub use suite::{Suite, run};
pub use target::Target;
