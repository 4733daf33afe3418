//! Lesson 13: HTTPS on your own machine, with a certificate that is made for you.
//!
//! `cargo run --example 13_https --features dev-certs`, then do what it says and open the address that it
//! prints. In production the certificate is `Certificate::from_pem_files("fullchain.pem", "privkey.pem")`.

use std::process::ExitCode;

use transom::features::{RequestExt, TlsInfo};
use transom::hyper::tls::{DevelopmentCertificate, Tls};
use transom::{Host, HyperServer, Request};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    transom::hosting::exit(run().await)
}

async fn run() -> Result<(), transom::Error> {
    // Made once, and kept in your data directory for the next time.
    let development = DevelopmentCertificate::load_or_create()?;
    if development.is_new() {
        tracing::info!("there is a new certificate: {}", development.how_to_trust());
    }
    let server =
        HyperServer::new("https://127.0.0.1:0").with_tls(Tls::new(development.certificate()));
    let host = Host::builder(server).configure(|app| app.run_fn(tell));
    host.run().await
}

/// What the handshake agreed on is a feature of the connection.
async fn tell(request: Request) -> String {
    let Some(tls) = request.feature::<TlsInfo>() else {
        return "there is no TLS\n".to_owned();
    };
    let version = tls.version().map(|version| version.to_string());
    let version = version.as_deref().unwrap_or("TLS");
    let suite = tls.cipher_suite().unwrap_or("a suite without a name");
    format!("you came by {version} with {suite}\n")
}
