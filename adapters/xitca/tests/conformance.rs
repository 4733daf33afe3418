//! The adapter keeps the contract, but for what its manifest says.

use std::process::ExitCode;

use transom_conformance::{Target, run};
use transom_xitca::XitcaServer;

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/xitca.toml");
    let start = || XitcaServer::new("http://127.0.0.1:0").with_workers(2);
    run(Target::new(manifest, start))
}
