//! The default server keeps the contract.

#[path = "support/edge.rs"]
mod edge;

use std::process::ExitCode;

use transom::HyperServer;
use transom_conformance::{Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/hyper.toml");
    let start = || HyperServer::new("http://127.0.0.1:0");
    let target = Target::new(manifest, start);
    run(target.map(|target| target.with_edge(edge::server)))
}
