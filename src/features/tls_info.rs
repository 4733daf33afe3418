use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::Feature;

/// What the TLS handshake of the connection agreed on. Absent without TLS: it is there if, and only if, the
/// connection's own [`Scheme`](super::Scheme) is `https`. Behind a gateway, where TLS ends, it is there if that tells
/// of it, and has what it tells: that may be a certificate and no more ([`forwarded`](Self::forwarded)).
///
/// ```
/// use transom::features::{TlsInfo, TlsVersion};
///
/// let tls = TlsInfo::new(TlsVersion::Tls13)
///     .with_cipher_suite("TLS_AES_128_GCM_SHA256")
///     .with_server_name("example.com")
///     .with_protocol(*b"h2");
/// assert_eq!(tls.version(), Some(TlsVersion::Tls13));
/// assert_eq!(tls.server_name(), Some("example.com"));
/// assert_eq!(tls.protocol(), Some(&b"h2"[..]));
/// assert!(tls.client_certificates().is_empty());
/// ```
#[doc(alias = "ITlsConnectionFeature")]
#[doc(alias = "ITlsHandshakeFeature")]
#[derive(Clone, Debug)]
pub struct TlsInfo {
    version: Option<TlsVersion>,
    cipher_suite: Option<Cow<'static, str>>,
    key_exchange: Option<Cow<'static, str>>,
    server_name: Option<String>,
    protocol: Option<Bytes>,
    client_certificates: Vec<Bytes>,
    resumed: bool,
}

impl TlsInfo {
    /// Returns what is known if the version alone is.
    pub fn new(version: TlsVersion) -> Self {
        Self {
            version: Some(version),
            ..Self::forwarded()
        }
    }

    /// Returns what is known of a handshake that a gateway made and told nothing of yet: not even its version.
    ///
    /// ```
    /// use transom::features::TlsInfo;
    ///
    /// let tls = TlsInfo::forwarded().with_client_certificates(vec!["DER".into()]);
    /// assert_eq!(tls.version(), None);
    /// assert_eq!(tls.client_certificate().unwrap(), "DER");
    /// ```
    pub fn forwarded() -> Self {
        Self {
            version: None,
            cipher_suite: None,
            key_exchange: None,
            server_name: None,
            protocol: None,
            client_certificates: Vec::new(),
            resumed: false,
        }
    }

    /// Sets the cipher suite, by the name that IANA gives it.
    #[must_use]
    pub fn with_cipher_suite(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.cipher_suite = Some(name.into());
        self
    }

    /// Sets the group of the key exchange, by the name that IANA gives it.
    #[must_use]
    pub fn with_key_exchange(mut self, group: impl Into<Cow<'static, str>>) -> Self {
        self.key_exchange = Some(group.into());
        self
    }

    /// Sets the name of the server that the client asked for (RFC 6066, section 3).
    #[must_use]
    pub fn with_server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Sets the protocol that ALPN agreed on (RFC 7301).
    #[must_use]
    pub fn with_protocol(mut self, protocol: impl AsRef<[u8]>) -> Self {
        self.protocol = Some(Bytes::copy_from_slice(protocol.as_ref()));
        self
    }

    /// Sets the certificates of the client in DER, its own first.
    #[must_use]
    pub fn with_client_certificates(mut self, chain: Vec<Bytes>) -> Self {
        self.client_certificates = chain;
        self
    }

    /// Sets whether the handshake took up an earlier session.
    #[must_use]
    pub fn with_resumed(mut self, resumed: bool) -> Self {
        self.resumed = resumed;
        self
    }

    /// Returns the version. It is `None` only behind a gateway that does not tell.
    pub fn version(&self) -> Option<TlsVersion> {
        self.version
    }

    /// Returns the name that IANA gives the cipher suite.
    pub fn cipher_suite(&self) -> Option<&str> {
        self.cipher_suite.as_deref()
    }

    /// Returns the name that IANA gives the group of the key exchange. None is used when an earlier session
    /// is taken up over TLS 1.2.
    pub fn key_exchange(&self) -> Option<&str> {
        self.key_exchange.as_deref()
    }

    /// Returns the name of the server that the client asked for, in lower case. The `Host` of a request need
    /// not be the same: one connection may carry requests for several names that share a certificate.
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// Returns the protocol that ALPN agreed on: `h2` or `http/1.1`, mostly.
    pub fn protocol(&self) -> Option<&[u8]> {
        self.protocol.as_deref()
    }

    /// Returns the certificate of the client in DER, if it sent one. It is one that the server was told to
    /// trust, or the gateway that told of it.
    pub fn client_certificate(&self) -> Option<&Bytes> {
        self.client_certificates.first()
    }

    /// Returns all the certificates that the client sent, in DER, its own first.
    pub fn client_certificates(&self) -> &[Bytes] {
        &self.client_certificates
    }

    /// Returns whether the handshake took up an earlier session. The certificates of the client are then
    /// those of that session.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }
}

impl Feature for TlsInfo {
    const NAME: &'static str = "connection.tls";
}

/// A version of TLS.
///
/// ```
/// use transom::features::TlsVersion;
///
/// assert_eq!("TLS1.3".parse(), Ok(TlsVersion::Tls13));
/// assert_eq!("Tls12".parse(), Ok(TlsVersion::Tls12));
/// let error = "SSLv3".parse::<TlsVersion>().unwrap_err();
/// assert_eq!(error.to_string(), "`SSLv3` is no version of TLS that is spoken here; write `TLS1.2` or `TLS1.3`");
/// ```
#[doc(alias = "SslProtocols")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2; RFC 5246.
    Tls12,
    /// TLS 1.3; RFC 8446.
    Tls13,
}

impl TlsVersion {
    /// Returns the version as OpenTelemetry writes it in `tls.protocol.version`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        }
    }
}

/// As OpenSSL writes it: `TLSv1.3`.
impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLSv{}", self.as_str())
    }
}

/// Reads `TLSv1.3`, `TLS1.3`, `1.3` and ASP.NET's `Tls13`; case does not matter.
impl std::str::FromStr for TlsVersion {
    type Err = UnknownTlsVersion;

    fn from_str(text: &str) -> Result<Self, UnknownTlsVersion> {
        let lower = text.trim().to_ascii_lowercase();
        let number = lower.strip_prefix("tls").unwrap_or(&lower);
        match number.strip_prefix('v').unwrap_or(number) {
            "1.2" | "12" => Ok(Self::Tls12),
            "1.3" | "13" => Ok(Self::Tls13),
            _ => Err(UnknownTlsVersion(text.to_owned())),
        }
    }
}

/// A text that names no version of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTlsVersion(String);

impl fmt::Display for UnknownTlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no version of TLS that is spoken here; write `TLS1.2` or `TLS1.3`",
            self.0
        )
    }
}

impl std::error::Error for UnknownTlsVersion {}
