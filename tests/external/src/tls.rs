//! The certificate of the checks.

use std::ffi::OsStr;
use std::time::Duration;

use transom::hyper::tls::{Acme, Certificate, ClientCertificates, ClientTrust, Tls};

/// Takes what is said of TLS out of the arguments.
pub(crate) fn take<'a>(
    arguments: impl Iterator<Item = &'a OsStr>,
) -> (Option<Tls>, Vec<&'a OsStr>) {
    let (mut certificate, mut clients, mut rest) = (None, ClientCertificates::none(), Vec::new());
    let (mut names, mut cache, mut directory, mut authorities) = (Vec::new(), "", "", "");
    for argument in arguments {
        match argument.to_str().and_then(|given| given.split_once('=')) {
            Some(("certificate", file)) => certificate = Some(Certificate::from_pem_file(file)),
            Some(("client-authorities", file)) => {
                clients = ClientCertificates::allow(ClientTrust::from_pem_file(file));
            }
            Some(("acme-name", name)) => names.push(name),
            Some(("acme-cache", folder)) => cache = folder,
            Some(("acme-directory", url)) => directory = url,
            Some(("acme-authorities", file)) => authorities = file,
            _ => rest.push(argument),
        }
    }
    let ordered = (!names.is_empty()).then(|| {
        Acme::new(names.iter().copied(), cache)
            .with_directory(directory)
            .with_directory_authorities(authorities)
            .with_terms_of_service_agreed(true)
    });
    let tls = match (ordered, certificate) {
        (None, None) => None,
        (None, Some(certificate)) => Some(Tls::new(certificate)),
        (Some(ordered), None) => Some(Tls::new(ordered)),
        // Names that are ordered, beside a file for all others.
        (Some(ordered), Some(certificate)) => {
            Some((names.iter()).fold(Tls::new(certificate), |tls, name| {
                tls.with_sni(*name, ordered.clone())
            }))
        }
    };
    let tls = tls.map(|tls| {
        tls.with_client_certificates(clients)
            .with_handshake_timeout(Some(Duration::from_secs(2)))
            .with_reload_interval(Some(Duration::from_millis(100)))
    });
    (tls, rest)
}
