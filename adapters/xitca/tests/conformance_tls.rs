//! The adapter keeps the contract over TLS, but for what its manifest says.

mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use transom_conformance::{Failure, Outcome, Target, run};
use transom_xitca::XitcaServer;

fn main() -> ExitCode {
    let config = match config() {
        Ok(config) => Arc::new(config),
        Err(failure) => panic!("{failure}"),
    };
    let manifest = include_str!("../manifests/xitca-tls.toml");
    run(Target::new(manifest, move || {
        XitcaServer::new("https://127.0.0.1:0")
            .with_workers(2)
            .with_tls(Arc::clone(&config))
            // Shorter than the kit's patience.
            .with_handshake_timeout(Duration::from_secs(3))
    }))
}

fn config() -> Outcome<ServerConfig> {
    let signed = rcgen::generate_simple_self_signed(["conformance.test".to_owned()])?;
    let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).map_err(Failure::new)?;
    let asking = Arc::new(support::Anybody::new());
    let config = ServerConfig::builder().with_client_cert_verifier(asking);
    Ok(config.with_single_cert(vec![signed.cert.der().clone()], key)?)
}
