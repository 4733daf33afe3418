//! The adapter keeps the contract over TLS, but for what its manifest says.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use transom_conformance::{Outcome, Target, certified, run};
use transom_pingora::PingoraServer;

fn main() -> Outcome<ExitCode> {
    let config = certified()?;
    let manifest = include_str!("../manifests/pingora-tls.toml");
    Ok(run(Target::new(manifest, move || {
        PingoraServer::new("https://127.0.0.1:0")
            .with_tls(Arc::clone(&config))
            // Shorter than the kit's patience.
            .with_handshake_timeout(Duration::from_secs(3))
    })))
}
