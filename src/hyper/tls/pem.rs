//! Certificates and keys out of PEM (RFC 7468), with errors that say what to do.

use std::path::Path;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::contract::Error;

/// Reads a file; `what` is in it.
pub(super) fn read(what: &str, path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|cause| {
        let path = path.display();
        Error::configuration_from(format!("the {what} file `{path}` cannot be read"), cause)
    })
}

/// Returns the certificates of a text, of which there is at least one. `name` is the text's.
pub(super) fn certificates(text: &[u8], name: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let found = found.map_err(|cause| {
        Error::configuration_from(format!("{name} is not well-formed PEM"), cause)
    })?;
    match found.is_empty() {
        false => Ok(found),
        true => Err(missing(text, name, "certificate", "CERTIFICATE")),
    }
}

/// Returns the first private key of a text.
pub(super) fn private_key(text: &[u8], name: &str) -> Result<PrivateKeyDer<'static>, Error> {
    use rustls::pki_types::pem::Error as PemError;
    match PrivateKeyDer::from_pem_slice(text) {
        Ok(key) => Ok(key),
        Err(PemError::NoItemsFound) if is_encrypted(text) => Err(Error::configuration(format!(
            "{name} is encrypted, and a server has nobody to ask for the password; write it without one: \
             `openssl pkey -in encrypted.key -out server.key`"
        ))),
        Err(PemError::NoItemsFound) => Err(missing(text, name, "private key", "PRIVATE KEY")),
        Err(cause) => Err(Error::configuration_from(
            format!("{name} is not well-formed PEM"),
            cause,
        )),
    }
}

fn is_encrypted(text: &[u8]) -> bool {
    contains(text, b"ENCRYPTED PRIVATE KEY-----") || contains(text, b"Proc-Type: 4,ENCRYPTED")
}

fn missing(text: &[u8], name: &str, what: &str, label: &str) -> Error {
    // A SEQUENCE: what every file in DER begins with.
    let hint = if text.first() == Some(&0x30) {
        "; it looks like DER or PKCS#12: `openssl x509 -inform der`, `openssl pkey -inform der` and \
         `openssl pkcs12 -nodes` write PEM"
    } else if contains(text, b"-----BEGIN ") {
        "; it has other things"
    } else {
        ""
    };
    Error::configuration(format!(
        "{name} has no {what}, which in PEM begins with `-----BEGIN {label}-----`{hint}"
    ))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|at| at == part)
}
