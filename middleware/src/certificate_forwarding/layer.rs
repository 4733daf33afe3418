use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderName;
use tower_layer::Layer;
use transom::features::IpNetwork;

use super::CertificateForwarding;
use super::form::Form;
use super::rules::Rules;

/// Makes of a service one that sees the certificate which a trusted proxy was shown. See the [module](super).
#[doc(alias = "UseCertificateForwarding")]
#[doc(alias = "CertificateForwardingOptions")]
#[derive(Clone, Debug)]
pub struct CertificateForwardingLayer {
    rules: Arc<Rules>,
}

impl CertificateForwardingLayer {
    /// Reads `X-Client-Cert`: the certificate's DER in base64.
    pub fn base64() -> Self {
        Self::of(X_CLIENT_CERT, Form::Base64)
    }

    /// Reads `X-Client-Cert`: one or more certificates in PEM, percent-encoded, or with blanks or tabs for its line feeds.
    pub fn pem() -> Self {
        Self::of(X_CLIENT_CERT, Form::Pem)
    }

    /// Reads RFC 9440's `Client-Cert` and `Client-Cert-Chain`.
    pub fn rfc9440() -> Self {
        Self::of(CLIENT_CERT, Form::Rfc9440)
    }

    /// Sets the field that the client's own certificate is read from. `X-Client-Cert` by default, `Client-Cert` of
    /// [RFC 9440](Self::rfc9440).
    #[doc(alias = "CertificateHeader")]
    #[must_use]
    pub fn with_header_name(self, name: HeaderName) -> Self {
        self.with(|rules| rules.name = name)
    }

    /// Sets a reader of a form of your own: it makes of the field's value the certificates in DER, the client's own
    /// first, or `None` of what is malformed.
    #[doc(alias = "HeaderConverter")]
    #[must_use]
    pub fn with_converter(
        self,
        read: impl Fn(&[u8]) -> Option<Vec<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        self.with(|rules| rules.form = Form::Own(Arc::new(read)))
    }

    /// Sets the addresses of trusted proxies, in place of those before. `[::1]` by default.
    #[must_use]
    pub fn with_known_proxies(self, proxies: impl IntoIterator<Item = IpAddr>) -> Self {
        self.with(|rules| rules.proxies.addresses = proxies.into_iter().collect())
    }

    /// Sets the networks of trusted proxies, in place of those before. `127.0.0.0/8` by default.
    #[must_use]
    pub fn with_known_networks(self, networks: impl IntoIterator<Item = IpNetwork>) -> Self {
        self.with(|rules| rules.proxies.networks = networks.into_iter().collect())
    }

    /// Trusts every peer: forgets the known proxies and networks. Only for where nobody but the proxy can
    /// connect.
    #[must_use]
    pub fn with_any_proxy(self) -> Self {
        self.with_known_proxies([]).with_known_networks([])
    }

    /// Sets how many bytes the fields may have in all, as they come. 32 KiB by default.
    #[must_use]
    pub fn with_max_size(self, bytes: usize) -> Self {
        self.with(|rules| rules.max_size = bytes)
    }

    /// Sets how many certificates there may be, the client's own among them. 10 by default.
    #[must_use]
    pub fn with_max_chain_length(self, certificates: usize) -> Self {
        self.with(|rules| rules.max_chain_length = certificates)
    }

    #[cfg(feature = "iis")]
    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    fn of(name: HeaderName, form: Form) -> Self {
        Self {
            rules: Arc::new(Rules::new(name, form)),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(Arc::make_mut(&mut self.rules));
        self
    }
}

impl<S> Layer<S> for CertificateForwardingLayer {
    type Service = CertificateForwarding<S>;

    fn layer(&self, inner: S) -> CertificateForwarding<S> {
        CertificateForwarding::new(inner, Arc::clone(&self.rules))
    }
}

const X_CLIENT_CERT: HeaderName = HeaderName::from_static("x-client-cert");
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
