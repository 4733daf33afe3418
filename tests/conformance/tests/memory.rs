//! The in-memory server keeps the contract.

use std::process::ExitCode;

use transom::testing::TestServer;
use transom_conformance::{Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/memory.toml");
    run(Target::new(manifest, TestServer::new))
}
