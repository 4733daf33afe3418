//! `TinyHttpServer` keeps the contract, as far as `conformance.toml` says.

use std::process::ExitCode;
use std::time::Duration;

use transom_conformance::Target;
use transom_tiny_http::TinyHttpServer;

fn main() -> ExitCode {
    let manifest = include_str!("../conformance.toml");
    transom_conformance::run(Target::new(manifest, || {
        // A second of silence, so that what is closed by it alone is closed before a case gives up.
        TinyHttpServer::new("http://127.0.0.1:0").with_read_timeout(Duration::from_secs(1))
    }))
}
