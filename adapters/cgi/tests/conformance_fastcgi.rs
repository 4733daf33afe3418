//! `FastCgiServer` keeps the contract, as far as `manifests/fastcgi.toml` says, where a connection carries all
//! requests of a client, many at a time.

mod support;

use std::process::ExitCode;

use transom_cgi::FastCgiServer;
use transom_conformance::Target;

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/fastcgi.toml");
    let gateway = support::fastcgi::gateway(true);
    transom_conformance::run(Target::new(manifest, move || {
        let server = FastCgiServer::new("http://127.0.0.1:0").with_max_multiplexed_requests(128);
        gateway.clone().before(server)
    }))
}
