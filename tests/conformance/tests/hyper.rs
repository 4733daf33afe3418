//! The default server keeps the contract.

#[path = "support/edge.rs"]
mod edge;

use std::process::ExitCode;

use transom::HyperServer;
use transom_conformance::{Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/hyper.toml");
    let start = || HyperServer::new("http://127.0.0.1:0");
    let with_limits = move |edge: &_| start().with_limits(edge::limits(edge));
    run(Target::new(manifest, start).map(|target| target.with_edge(with_limits)))
}
