//! The default server keeps the contract over TLS.

#[path = "support/edge.rs"]
mod edge;

use std::process::ExitCode;
use std::time::Duration;

use transom::HyperServer;
use transom::hyper::Endpoint;
use transom::hyper::tls::{Certificate, ClientCertificates, ClientTrust, Tls};
use transom_conformance::{Failure, Target, run};

fn main() -> ExitCode {
    let signed = match rcgen::generate_simple_self_signed(["conformance.test".to_owned()]) {
        Ok(signed) => signed,
        Err(error) => panic!("{}", Failure::from(error)),
    };
    let certificate = Certificate::from_pem(signed.cert.pem(), signed.signing_key.serialize_pem());
    let tls = Tls::new(certificate)
        .with_client_certificates(ClientCertificates::allow(ClientTrust::any()))
        // Shorter than the kit's patience.
        .with_handshake_timeout(Some(Duration::from_secs(1)));
    let manifest = include_str!("../manifests/hyper-tls.toml");
    let address = "https://127.0.0.1:0";
    let limited = tls.clone();
    let at_the_edge =
        move |asked: &_| edge::server(asked, Endpoint::new(address)).with_tls(limited.clone());
    let target = Target::new(manifest, move || {
        HyperServer::new(address).with_tls(tls.clone())
    });
    run(target.map(|target| target.with_edge(at_the_edge)))
}
