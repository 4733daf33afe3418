//! The adapter keeps the contract, but for what its manifest says.

use std::process::ExitCode;

use transom_actix::ActixServer;
use transom_conformance::{Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../conformance.toml");
    let start = || ActixServer::new("http://127.0.0.1:0").with_workers(2);
    run(Target::new(manifest, start))
}
