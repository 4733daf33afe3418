//! The adapter keeps the contract, but for what its manifest says.

use std::process::ExitCode;

use transom_conformance::{Target, run};
use transom_pingora::PingoraServer;

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/pingora.toml");
    run(Target::new(manifest, || {
        PingoraServer::new("http://127.0.0.1:0")
    }))
}
