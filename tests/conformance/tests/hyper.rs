//! The default server keeps the contract.

#[path = "support/edge.rs"]
mod edge;

use std::process::ExitCode;

use transom::HyperServer;
use transom::hyper::Endpoint;
use transom_conformance::{Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/hyper.toml");
    let address = "http://127.0.0.1:0";
    let at_the_edge = move |asked: &_| edge::server(asked, Endpoint::new(address));
    let target = Target::new(manifest, move || HyperServer::new(address));
    run(target.map(|target| target.with_edge(at_the_edge)))
}
