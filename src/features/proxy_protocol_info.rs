use bytes::Bytes;

use super::{Endpoint, Feature};

/// What a proxy said about the connection in the header of the PROXY protocol. Absent if there was none.
///
/// The ends that it named are in [`ConnectionInfo`](super::ConnectionInfo), as if the proxy were not there;
/// this has the rest, and the ends of the socket.
///
/// ```
/// use transom::features::{Endpoint, ProxyProtocolInfo, ProxyTls};
///
/// let proxy = Endpoint::Tcp("10.0.0.7:40000".parse()?);
/// let info = ProxyProtocolInfo::new(2, Some(proxy), None)
///     .with_value(ProxyProtocolInfo::AUTHORITY, "example.com")
///     .with_value(0xEA, "vpce-1");
/// assert_eq!(info.proxy().unwrap().to_string(), "10.0.0.7:40000");
/// assert_eq!(info.authority(), Some("example.com"));
/// assert_eq!(info.value(0xEA), Some(&b"vpce-1"[..]));
/// assert!(info.tls().is_none());
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ProxyProtocolInfo {
    version: u8,
    proxy: Option<Endpoint>,
    listener: Option<Endpoint>,
    values: Vec<(u8, Bytes)>,
    tls: Option<ProxyTls>,
}

impl ProxyProtocolInfo {
    /// The type of the value that [`alpn`](Self::alpn) returns.
    pub const ALPN: u8 = 0x01;
    /// The type of the value that [`authority`](Self::authority) returns.
    pub const AUTHORITY: u8 = 0x02;
    /// The type of the value that [`unique_id`](Self::unique_id) returns.
    pub const UNIQUE_ID: u8 = 0x05;

    /// Returns what a header of a version says that has no values, by the ends of the socket: the proxy's and
    /// the server's.
    pub fn new(version: u8, proxy: Option<Endpoint>, listener: Option<Endpoint>) -> Self {
        Self {
            version,
            proxy,
            listener,
            values: Vec::new(),
            tls: None,
        }
    }

    /// Adds a value of a type.
    #[must_use]
    pub fn with_value(mut self, kind: u8, value: impl Into<Bytes>) -> Self {
        self.values.push((kind, value.into()));
        self
    }

    /// Sets what the client and the proxy agreed on by TLS.
    #[must_use]
    pub fn with_tls(mut self, tls: ProxyTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Returns the version of the header: 1 or 2.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Returns the proxy's end of the socket.
    pub fn proxy(&self) -> Option<&Endpoint> {
        self.proxy.as_ref()
    }

    /// Returns the server's end of the socket.
    pub fn listener(&self) -> Option<&Endpoint> {
        self.listener.as_ref()
    }

    /// Returns the protocol that the client and the proxy agreed on by ALPN.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.value(Self::ALPN)
    }

    /// Returns the name of the host that the client asked the proxy for, by SNI mostly.
    pub fn authority(&self) -> Option<&str> {
        std::str::from_utf8(self.value(Self::AUTHORITY)?).ok()
    }

    /// Returns the id that the proxy gave the connection.
    pub fn unique_id(&self) -> Option<&[u8]> {
        self.value(Self::UNIQUE_ID)
    }

    /// Returns what the client and the proxy agreed on by TLS, if they spoke it.
    pub fn tls(&self) -> Option<&ProxyTls> {
        self.tls.as_ref()
    }

    /// Returns the first value of a type: one that has no name here, such as a cloud's own.
    pub fn value(&self, kind: u8) -> Option<&[u8]> {
        let mut values = self.values.iter();
        let (_, value) = values.find(|(known, _)| *known == kind)?;
        Some(value)
    }

    /// Returns all values with their types, in the order of the header.
    pub fn values(&self) -> impl Iterator<Item = (u8, &[u8])> {
        self.values.iter().map(|(kind, value)| (*kind, &value[..]))
    }
}

impl Feature for ProxyProtocolInfo {
    const NAME: &'static str = "connection.proxy_protocol";
}

/// What a client and a proxy agreed on by TLS, as the proxy tells it.
#[derive(Clone, Debug, Default)]
pub struct ProxyTls {
    version: Option<String>,
    cipher: Option<String>,
    common_name: Option<String>,
    has_certificate: bool,
    is_verified: bool,
}

impl ProxyTls {
    /// Sets the version, as `TLSv1.3`.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Sets the cipher, by the name that the proxy's library gives it.
    #[must_use]
    pub fn with_cipher(mut self, cipher: impl Into<String>) -> Self {
        self.cipher = Some(cipher.into());
        self
    }

    /// Sets the common name of the client's certificate.
    #[must_use]
    pub fn with_common_name(mut self, name: impl Into<String>) -> Self {
        self.common_name = Some(name.into());
        self
    }

    /// Sets whether the client sent a certificate, and whether the proxy verified it.
    #[must_use]
    pub fn with_certificate(mut self, sent: bool, verified: bool) -> Self {
        (self.has_certificate, self.is_verified) = (sent, sent && verified);
        self
    }

    /// Returns the version, as `TLSv1.3`.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Returns the cipher, by the name that the proxy's library gives it.
    pub fn cipher(&self) -> Option<&str> {
        self.cipher.as_deref()
    }

    /// Returns the common name of the client's certificate; not to be believed unless it
    /// [is verified](Self::is_verified).
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// Returns whether the client sent a certificate, on this connection or on one that this one resumes.
    pub fn has_certificate(&self) -> bool {
        self.has_certificate
    }

    /// Returns whether the client sent a certificate that the proxy verified.
    pub fn is_verified(&self) -> bool {
        self.is_verified
    }
}
