//! The adapter keeps the contract over a server that knows OWIN alone, but for what OWIN lacks.

mod nowin;

use std::process::ExitCode;

use nowin::Nowin;
use transom_conformance::{Target, run};
use transom_owin::OwinServer;

fn main() -> ExitCode {
    let manifest = include_str!("../conformance.toml");
    run(Target::new(manifest, || {
        OwinServer::new(Nowin::default(), "http://127.0.0.1:0")
    }))
}
