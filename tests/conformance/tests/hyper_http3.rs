//! The default server keeps the contract over HTTP/3.

#[path = "support/edge.rs"]
mod edge;

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
    let endpoint = move || {
        Endpoint::new("https://127.0.0.1:0")
            .with_protocols(Protocols::HTTP3)
            .with_tls(certificate.clone())
    };
    let limited = endpoint.clone();
    let at_the_edge = move |asked: &_| edge::server(asked, limited());
    let target = Target::new(manifest, move || {
        HyperServer::default().with_endpoint(endpoint())
    });
    run(target.map(|target| target.with_edge(at_the_edge)))
}
