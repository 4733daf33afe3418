//! The default server keeps the contract without a socket.

#[path = "support/edge.rs"]
mod edge;

use std::process::ExitCode;

use transom::HyperServer;
use transom::hyper::Endpoint;
use transom_conformance::{Target, run};

fn main() -> ExitCode {
    // What it can do over TCP, but for what is of addresses of IP.
    let manifest = concat!(
        include_str!("../manifests/hyper.toml"),
        "[fails]\n",
        "'S-L-CONN-ADDR' = 'a client in the process has no address to be counted at'\n",
    );
    let address = "http://memory:kit";
    let at_the_edge = move |asked: &_| edge::server(asked, Endpoint::new(address));
    let target = Target::new(manifest, move || HyperServer::new(address));
    run(target.map(|target| target.with_edge(at_the_edge)))
}
