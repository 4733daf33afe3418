use std::borrow::Cow;

use bytes::Bytes;
use transom::adapter::pem_certificates;
use transom::features::{ServerVariables, TlsInfo};

use super::Refusal;

/// Returns what the gateway says of the client's TLS: nothing unless it names the version, or a certificate that it
/// verified.
pub(super) fn tls(variables: &ServerVariables) -> Result<Option<TlsInfo>, Refusal> {
    let version = variables.text("SSL_PROTOCOL");
    let chain = chain(variables)?;
    let mut tls = match version.and_then(|version| version.parse().ok()) {
        Some(version) => TlsInfo::new(version),
        None if !chain.is_empty() => TlsInfo::forwarded(),
        None => return Ok(None),
    };
    if let Some(name) = variables.text("SSL_CIPHER").and_then(cipher_suite) {
        tls = tls.with_cipher_suite(name);
    }
    if let Some(name) = variables
        .text("SSL_TLS_SNI")
        .filter(|name| !name.is_empty())
    {
        tls = tls.with_server_name(name.to_ascii_lowercase());
    }
    if let Some(protocol) = variables
        .get("SSL_ALPN_PROTOCOL")
        .filter(|protocol| !protocol.is_empty())
    {
        tls = tls.with_protocol(protocol);
    }
    tls = tls.with_resumed(variables.text("SSL_SESSION_RESUMED") == Some("Resumed"));
    Ok(Some(tls.with_client_certificates(chain)))
}

/// The certificates of the client, its own first.
///
/// A gateway may pass on one that it did not, or could not, verify: it counts only if the gateway says that it
/// did.
fn chain(variables: &ServerVariables) -> Result<Vec<Bytes>, Refusal> {
    let own = variables
        .get("SSL_CLIENT_CERT")
        .filter(|text| !text.is_empty());
    let Some(own) = own.filter(|_| variables.text("SSL_CLIENT_VERIFY") == Some("SUCCESS")) else {
        return Ok(Vec::new());
    };
    let mut chain = vec![read("SSL_CLIENT_CERT", own)?];
    for index in 0.. {
        let name = format!("SSL_CLIENT_CERT_CHAIN_{index}");
        match variables.get(&name) {
            Some(text) => chain.push(read(&name, text)?),
            None => break,
        }
    }
    Ok(chain)
}

fn read(name: &str, text: &[u8]) -> Result<Bytes, Refusal> {
    let certificates = pem_certificates(text).unwrap_or_default();
    (certificates.into_iter().next())
        .ok_or_else(|| Refusal::malformed(format!("`{name}` is not a certificate in PEM")))
}

/// Returns IANA's name of a cipher suite that may have OpenSSL's. One that has neither is not told.
fn cipher_suite(name: &str) -> Option<Cow<'static, str>> {
    if name.starts_with("TLS_") {
        return Some(Cow::Owned(name.to_owned()));
    }
    let known = SUITES.iter().find(|(openssl, _)| *openssl == name);
    known.map(|(_, iana)| Cow::Borrowed(*iana))
}

/// Those of TLS 1.2 that RFC 9325 recommends, and their like.
const SUITES: [(&str, &str); 6] = [
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    ),
    (
        "ECDHE-RSA-AES128-GCM-SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    ),
    (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    ),
    (
        "ECDHE-RSA-AES256-GCM-SHA384",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    ),
    (
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
    (
        "ECDHE-RSA-CHACHA20-POLY1305",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use transom::features::TlsVersion;

    use super::*;

    fn of(all: &[(&'static str, &'static str)]) -> Option<TlsInfo> {
        tls(&all.iter().copied().collect()).unwrap()
    }

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nZm9v\n-----END CERTIFICATE-----\n";

    #[test]
    fn what_was_agreed_on_has_ianas_names() {
        let tls = of(&[
            ("SSL_PROTOCOL", "TLSv1.2"),
            ("SSL_CIPHER", "ECDHE-RSA-AES128-GCM-SHA256"),
            ("SSL_TLS_SNI", "A.test"),
            ("SSL_SESSION_RESUMED", "Resumed"),
        ])
        .unwrap();
        assert_eq!(tls.version(), Some(TlsVersion::Tls12));
        assert_eq!(
            tls.cipher_suite(),
            Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
        );
        assert_eq!(tls.server_name(), Some("a.test"));
        assert!(tls.is_resumed());
        assert!(of(&[("SSL_CIPHER", "AES")]).is_none());
        assert!(of(&[("SSL_PROTOCOL", "")]).is_none());
    }

    #[test]
    fn a_certificate_counts_if_it_was_verified() {
        let version = ("SSL_PROTOCOL", "TLSv1.3");
        let shown = ("SSL_CLIENT_CERT", PEM);
        let chain = ("SSL_CLIENT_CERT_CHAIN_0", PEM);
        let verified = ("SSL_CLIENT_VERIFY", "SUCCESS");
        let tls = of(&[version, shown, chain, verified]).unwrap();
        assert_eq!(tls.client_certificates(), ["foo", "foo"]);
        let tls = of(&[shown, verified]).unwrap();
        assert_eq!((tls.version(), tls.client_certificates().len()), (None, 1));
        assert!(
            of(&[version, shown])
                .unwrap()
                .client_certificate()
                .is_none()
        );
        let generous = ("SSL_CLIENT_VERIFY", "GENEROUS");
        let tls = of(&[version, shown, generous]).unwrap();
        assert!(tls.client_certificate().is_none());
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let all = [
            ("SSL_PROTOCOL", "TLSv1.3"),
            ("SSL_CLIENT_CERT", "mine"),
            ("SSL_CLIENT_VERIFY", "SUCCESS"),
        ];
        let error = tls(&all.into_iter().collect()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`SSL_CLIENT_CERT` is not a certificate in PEM"
        );
    }
}
