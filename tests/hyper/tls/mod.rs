//! HTTPS, as a client of rustls sees it.

#[cfg(feature = "acme")]
mod acme;
mod authority;
mod choose;
mod client;
mod client_certificates;
mod close;
mod configured;
#[cfg(feature = "dev-certs")]
mod development;
mod errors;
mod handshake;
mod refused;
mod reload;
mod sni;

use authority::{Authority, Folder, Signed};
use client::{Connected, TlsClient};
use transom::HyperServer;
use transom::hyper::tls::Tls;

fn https(tls: impl Into<Tls>) -> HyperServer {
    HyperServer::new("https://127.0.0.1:0").with_tls(tls)
}
