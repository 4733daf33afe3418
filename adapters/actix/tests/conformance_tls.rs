//! The adapter keeps the contract over TLS.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use transom_actix::ActixServer;
use transom_conformance::{Outcome, Target, certified, run};

fn main() -> Outcome<ExitCode> {
    let manifest = include_str!("../manifests/tls.toml");
    let config = certified()?;
    Ok(run(Target::new(manifest, move || {
        ActixServer::new("https://127.0.0.1:0")
            .with_tls(Arc::clone(&config))
            // Shorter than the kit's patience.
            .with_handshake_timeout(Duration::from_secs(1))
    })))
}
