//! `AjpServer` keeps the contract, as far as `manifests/ajp.toml` says, on connections that carry one request after
//! the other.

mod support;

use std::process::ExitCode;

use transom_cgi::AjpServer;
use transom_conformance::Target;

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/ajp.toml");
    let gateway = support::ajp::gateway(true);
    transom_conformance::run(Target::new(manifest, move || {
        // Large fields go through if both sides are told of large packets.
        let server = AjpServer::new("http://127.0.0.1:0").with_max_packet_size(65_536);
        gateway.clone().before(server)
    }))
}
