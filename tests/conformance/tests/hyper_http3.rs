//! The default server keeps the contract over HTTP/3.

use std::process::ExitCode;

use transom::HyperServer;
use transom::hyper::tls::Certificate;
use transom::hyper::{Endpoint, Protocols};
use transom_conformance::{Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/hyper-http3.toml");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])
        .expect("a certificate can be made");
    let certificate = Certificate::from_pem(made.cert.pem(), made.signing_key.serialize_pem());
    let start = move || {
        let endpoint = Endpoint::new("https://127.0.0.1:0")
            .with_protocols(Protocols::HTTP3)
            .with_tls(certificate.clone());
        HyperServer::default().with_endpoint(endpoint)
    };
    run(Target::new(manifest, start))
}
