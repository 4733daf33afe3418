//! As `conformance_fastcgi.rs`, where each request has a connection of its own, which is what most web servers do.

mod support;

use std::process::ExitCode;

use transom_cgi::FastCgiServer;
use transom_conformance::Target;

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/fastcgi.toml");
    let gateway = support::fastcgi::gateway(false);
    transom_conformance::run(Target::new(manifest, move || {
        gateway
            .clone()
            .before(FastCgiServer::new("http://127.0.0.1:0"))
    }))
}
