//! What a certificate says of itself: from when to when it is valid, and for what.

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::time::ASN1Time;

use crate::contract::Error;

/// Checks that a certificate is one for a server, and valid now unless that does not matter. `name` is that
/// of what holds it.
///
/// # Errors
///
/// [`Error::is_configuration`] saying what it is instead.
pub(super) fn for_servers(
    certificate: &CertificateDer<'_>,
    name: &str,
    may_be_expired: bool,
) -> Result<(), Error> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|cause| {
        Error::configuration_from(format!("{name} has a certificate that is none"), cause)
    })?;
    if !may_be_expired {
        in_time(&certificate, name)?;
    }
    // RFC 5280, section 4.2.1.12: one without this extension is for everything.
    match certificate.extended_key_usage() {
        Ok(Some(usage)) if !usage.value.server_auth => Err(Error::configuration(format!(
            "{name} has the certificate of {}, which is not for servers: its extended key usage lacks \
             `serverAuth`",
            certificate.subject()
        ))),
        _ => Ok(()),
    }
}

fn in_time(certificate: &X509Certificate<'_>, name: &str) -> Result<(), Error> {
    let (validity, now) = (certificate.validity(), ASN1Time::now());
    let wrong = if now > validity.not_after {
        format!("expired on {}", validity.not_after)
    } else if now < validity.not_before {
        format!("is not valid before {}", validity.not_before)
    } else {
        return Ok(());
    };
    Err(Error::configuration(format!(
        "{name} has the certificate of {}, which {wrong}; renew it, or set the clock, or serve it all the same \
         (`Certificate::with_expired`)",
        certificate.subject()
    )))
}

/// Returns for how long a certificate is still valid; `None` if it is not.
#[cfg(feature = "dev-certs")]
pub(super) fn left(certificate: &CertificateDer<'_>) -> Option<std::time::Duration> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    certificate.validity().time_to_expiration()?.try_into().ok()
}
