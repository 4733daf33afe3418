//! TLS from what a file says of it.

use super::certificate::CertificateValues;
use super::endpoint::EndpointValues;
use super::tls::{self, CertificateUse};
use crate::features::TlsVersion;
use crate::hyper::tls::{Certificate, ClientCertificates, ClientTrust, Tls, TlsOptions};

/// Returns the TLS of an endpoint. `None` where the file has no certificate for it: then it has the server's.
pub(super) fn tls(values: &EndpointValues) -> Option<Tls> {
    let mut tls = match values.sni.is_empty() {
        true => Tls::new(options(values)?),
        false => Tls::by_sni(),
    };
    for (name, values) in &values.sni {
        if let Some(options) = options(values) {
            tls = tls.with_sni(name, options);
        }
    }
    Some(match values.handshake_timeout {
        Some(time) => tls.with_handshake_timeout(time),
        None => tls,
    })
}

fn options(values: &EndpointValues) -> Option<TlsOptions> {
    let Some(CertificateUse::Own(certificate)) = &values.certificate else {
        return None;
    };
    let mut options = TlsOptions::new(self::certificate(certificate));
    if let Some(protocols) = values.protocols {
        options = options.with_protocols(protocols);
    }
    if let Some(versions) = &values.tls_versions {
        options = options.with_versions(versions.iter().map(|version| match version {
            tls::TlsVersion::Tls12 => TlsVersion::Tls12,
            tls::TlsVersion::Tls13 => TlsVersion::Tls13,
        }));
    }
    if let (Some(asked), Some(path)) = (values.client_certificates, &values.client_authorities) {
        let trust = ClientTrust::from_pem_file(path);
        options = options.with_client_certificates(match asked {
            tls::ClientCertificates::None => ClientCertificates::none(),
            tls::ClientCertificates::Allow => ClientCertificates::allow(trust),
            tls::ClientCertificates::Require => ClientCertificates::require(trust),
        });
    }
    Some(options)
}

fn certificate(values: &CertificateValues) -> Certificate {
    let certificate = match &values.key_path {
        Some(key) => Certificate::from_pem_files(&values.path, key),
        None => Certificate::from_pem_file(&values.path),
    };
    certificate.with_expired(values.allow_expired)
}
