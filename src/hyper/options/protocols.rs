use std::fmt;

/// The versions of HTTP that an endpoint speaks.
///
/// Which of them a connection speaks is agreed on by ALPN over TLS, and told by the first bytes without it
/// (RFC 9113, section 3.3).
///
/// ```
/// use transom::hyper::Protocols;
///
/// assert_eq!(Protocols::default(), Protocols::HTTP1 | Protocols::HTTP2);
/// assert!(Protocols::default().contains(Protocols::HTTP1));
/// assert_eq!(Protocols::default().to_string(), "http1+http2");
/// assert_eq!("Http1AndHttp2".parse(), Ok(Protocols::HTTP1_AND_2));
/// ```
#[doc(alias = "HttpProtocols")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Protocols(u8);

impl Protocols {
    /// HTTP/1.0 and HTTP/1.1.
    pub const HTTP1: Self = Self(1);
    /// HTTP/2.
    pub const HTTP2: Self = Self(2);
    /// HTTP/3, which needs TLS and the cargo feature `http3`; and Linux, if the server has
    /// [threads of its own](crate::HyperServer::with_threads). With these a client whose address changes has to
    /// connect again.
    pub const HTTP3: Self = Self(4);
    /// HTTP/1 and HTTP/2: what an endpoint speaks unless it is told otherwise.
    pub const HTTP1_AND_2: Self = Self(1 | 2);
    /// All of them.
    pub const HTTP1_AND_2_AND_3: Self = Self(1 | 2 | 4);

    const NAMES: [(Self, &'static str); 3] = [
        (Self::HTTP1, "http1"),
        (Self::HTTP2, "http2"),
        (Self::HTTP3, "http3"),
    ];

    /// Returns whether these have all that `other` has.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Default for Protocols {
    fn default() -> Self {
        Self::HTTP1_AND_2
    }
}

impl std::ops::BitOr for Protocols {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Protocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for (protocol, name) in Self::NAMES {
            if self.contains(protocol) {
                write!(f, "{between}{name}")?;
                between = "+";
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Protocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Protocols({self})")
    }
}

/// Reads what [`Display`](fmt::Display) writes, and ASP.NET's `Http1AndHttp2AndHttp3`; case does not
/// matter.
impl std::str::FromStr for Protocols {
    type Err = UnknownProtocols;

    fn from_str(text: &str) -> Result<Self, UnknownProtocols> {
        let lower = text.to_ascii_lowercase().replace("and", "+");
        let mut protocols = Self(0);
        for name in lower.split('+') {
            let known = Self::NAMES.iter().find(|(_, known)| *known == name.trim());
            let (protocol, _) = known.ok_or_else(|| UnknownProtocols(text.to_owned()))?;
            protocols = protocols | *protocol;
        }
        Ok(protocols)
    }
}

/// A text that names no versions of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProtocols(String);

impl fmt::Display for UnknownProtocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` names no protocols; write `http1`, `http2`, `http3`, or several of them like `http1+http2`",
            self.0
        )
    }
}

impl std::error::Error for UnknownProtocols {}
