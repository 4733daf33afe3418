//! The default server keeps the contract.

use std::process::ExitCode;

use transom::HyperServer;
use transom_conformance::{Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/hyper.toml");
    let start = || HyperServer::new("http://127.0.0.1:0");
    run(Target::new(manifest, start))
}
