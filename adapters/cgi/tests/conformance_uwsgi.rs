//! `UwsgiServer` keeps the contract, as far as `manifests/uwsgi.toml` says.

mod support;

use std::process::ExitCode;

use transom_cgi::UwsgiServer;
use transom_conformance::Target;

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/uwsgi.toml");
    let gateway = support::gateway(support::encode::UWSGI);
    transom_conformance::run(Target::new(manifest, move || {
        gateway
            .clone()
            .before(UwsgiServer::new("http://127.0.0.1:0"))
    }))
}
