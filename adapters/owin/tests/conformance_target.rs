//! As `conformance`, over a server that also tells of the target as it was sent.

mod nowin;

use std::process::ExitCode;

use nowin::Nowin;
use transom_conformance::{Target, run};
use transom_owin::OwinServer;

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/target.toml");
    let nowin = Nowin {
        tells_target: true,
        ..Nowin::default()
    };
    run(Target::new(manifest, move || {
        OwinServer::new(nowin.clone(), "http://127.0.0.1:0")
    }))
}
