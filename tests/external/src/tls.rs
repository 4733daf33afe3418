//! The certificate of the checks.

use std::ffi::OsStr;
use std::time::Duration;

use transom::hyper::tls::{Certificate, ClientCertificates, ClientTrust, Tls};

/// Takes `certificate=FILE`, with its key, and `client-authorities=FILE` out of the arguments.
pub(crate) fn take<'a>(
    arguments: impl Iterator<Item = &'a OsStr>,
) -> (Option<Tls>, Vec<&'a OsStr>) {
    let (mut certificate, mut clients, mut rest) = (None, ClientCertificates::none(), Vec::new());
    for argument in arguments {
        match argument.to_str().and_then(|given| given.split_once('=')) {
            Some(("certificate", file)) => certificate = Some(Certificate::from_pem_file(file)),
            Some(("client-authorities", file)) => {
                clients = ClientCertificates::allow(ClientTrust::from_pem_file(file));
            }
            _ => rest.push(argument),
        }
    }
    let tls = certificate.map(|certificate| {
        Tls::new(certificate)
            .with_client_certificates(clients)
            .with_handshake_timeout(Some(Duration::from_secs(2)))
            .with_reload_interval(Some(Duration::from_millis(100)))
    });
    (tls, rest)
}
