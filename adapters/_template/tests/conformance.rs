//! The adapter keeps the contract, but for what its manifest says.

use std::process::ExitCode;

use transom_conformance::{Target, run};
use transom_template::TemplateServer;

fn main() -> ExitCode {
    let manifest = include_str!("../conformance.toml");
    run(Target::new(manifest, || {
        TemplateServer::new("http://127.0.0.1:0")
    }))
}
