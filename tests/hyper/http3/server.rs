//! A server of HTTP/3 that keeps what it rejects.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use transom::hyper::tls::Certificate;
use transom::hyper::{Endpoint, Limits, Protocols, Rejection};
use transom::{Application, HyperServer};

use super::client::Client;
use crate::support::{Running, start_with};

/// A time that a test waits for.
pub(super) const SHORT: Duration = Duration::from_millis(200);

/// Enough for whatever a test does not leave unread.
const WINDOW: u32 = 1024 * 1024;

pub(super) struct Server {
    pub(super) running: Running,
    certificate: CertificateDer<'static>,
    rejections: Arc<Mutex<Vec<Rejection>>>,
}

pub(super) async fn start(limits: Limits, app: impl Application) -> Server {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = Certificate::from_pem(made.cert.pem(), made.signing_key.serialize_pem());
    let endpoint = Endpoint::new("https://127.0.0.1:0")
        .with_protocols(Protocols::HTTP3)
        .with_tls(certificate);
    let rejections = Arc::<Mutex<Vec<Rejection>>>::default();
    let kept = Arc::clone(&rejections);
    let server = HyperServer::default()
        .with_endpoint(endpoint)
        .with_limits(limits)
        .with_rejection_hook(move |rejection| kept.lock().unwrap().push(rejection.clone()));
    Server {
        running: start_with(server, app).await,
        certificate: made.cert.der().clone(),
        rejections,
    }
}

impl Server {
    pub(super) fn address(&self) -> SocketAddr {
        self.running.address
    }

    pub(super) async fn connect(&self) -> Client {
        Client::connect(self, WINDOW).await.unwrap()
    }

    /// What a client trusts.
    pub(super) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots
    }

    /// What was rejected so far: each with its reason and its status.
    pub(super) fn rejections(&self) -> Vec<(&'static str, Option<u16>)> {
        let rejections = self.rejections.lock().unwrap();
        let told = rejections.iter().map(|rejection| {
            let status = rejection.status().map(|status| status.as_u16());
            (rejection.reason().as_str(), status)
        });
        told.collect()
    }

    /// Stops when all connections have ended.
    pub(super) async fn stop(self) {
        self.running.stop().await;
    }
}
