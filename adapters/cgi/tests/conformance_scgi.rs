//! `ScgiServer` keeps the contract, as far as `manifests/scgi.toml` says.

mod support;

use std::process::ExitCode;

use transom_cgi::ScgiServer;
use transom_conformance::Target;

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/scgi.toml");
    let gateway = support::gateway(support::encode::SCGI);
    transom_conformance::run(Target::new(manifest, move || {
        gateway
            .clone()
            .before(ScgiServer::new("http://127.0.0.1:0"))
    }))
}
