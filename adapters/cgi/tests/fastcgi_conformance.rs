//! `FastCgiServer` keeps the contract, as far as `manifests/fastcgi.toml` says, with many requests on a connection.

mod support {
    pub mod fastcgi;
}

use std::process::ExitCode;

use transom_cgi::FastCgiServer;
use transom_conformance::Target;

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/fastcgi.toml");
    let gateway = support::fastcgi::gateway(true);
    transom_conformance::run(Target::new(manifest, move || {
        gateway
            .clone()
            .before(FastCgiServer::new("http://127.0.0.1:0"))
    }))
}
