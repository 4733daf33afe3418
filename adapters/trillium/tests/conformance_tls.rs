//! The adapter keeps the contract over TLS.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use transom_conformance::{Outcome, Target, certified, run};
use transom_trillium::TrilliumServer;

fn main() -> Outcome<ExitCode> {
    let manifest = include_str!("../manifests/tls.toml");
    let config = certified()?;
    Ok(run(Target::new(manifest, move || {
        TrilliumServer::new("https://127.0.0.1:0")
            .with_tls(Arc::clone(&config))
            // Shorter than the kit's patience.
            .with_handshake_timeout(Some(Duration::from_secs(1)))
    })))
}
