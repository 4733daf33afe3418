use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::request::Parts;
use sha2::{Digest, Sha256};
use transom::RequestExt;
use transom::features::{ConnectionInfo, Endpoint};

/// Whose requests are counted together.
///
/// An address of IPv6 is its first 64 bits. A text of more than 64 bytes is kept as its SHA-256, so that a client
/// that chooses its own costs no more memory than others.
///
/// ```
/// use std::net::IpAddr;
/// use transom_middleware::rate_limiting::RateLimitKey;
///
/// let key = |address: &str| address.parse::<IpAddr>().map(RateLimitKey::from);
/// assert_eq!(key("2001:db8::1")?, key("2001:db8::2:1")?);
/// assert_ne!(key("2001:db8::1")?, key("2001:db8:0:1::1")?);
/// assert_eq!(key("::ffff:192.0.2.1")?, key("192.0.2.1")?);
/// assert_ne!(RateLimitKey::from("192.0.2.1"), key("192.0.2.1")?);
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RateLimitKey(Repr);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    V4(Ipv4Addr),
    /// With nothing behind the prefix.
    V6(Ipv6Addr),
    Text(Box<[u8]>),
    Digest([u8; 32]),
    Unknown,
}

const LONGEST: usize = 64;

impl RateLimitKey {
    /// Returns the key of all that have none of their own.
    pub fn unknown() -> Self {
        Self(Repr::Unknown)
    }

    /// Returns the address of the client, as far as it is known.
    pub(super) fn of_client(request: &Parts) -> Self {
        request
            .feature::<ConnectionInfo>()
            .and_then(ConnectionInfo::remote)
            .and_then(Endpoint::ip)
            .map_or(Self::unknown(), Self::from)
    }
}

impl From<IpAddr> for RateLimitKey {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => Repr::V4(address),
            IpAddr::V6(address) => Repr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        })
    }
}

impl From<&[u8]> for RateLimitKey {
    fn from(text: &[u8]) -> Self {
        Self(match text.len() {
            0..=LONGEST => Repr::Text(text.into()),
            _ => Repr::Digest(Sha256::digest(text).into()),
        })
    }
}

impl From<&str> for RateLimitKey {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl From<String> for RateLimitKey {
    fn from(text: String) -> Self {
        Self::from(text.as_bytes())
    }
}

/// No two keys print alike, whatever their texts are: for stores outside of the process.
impl fmt::Display for RateLimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::V4(address) => write!(f, "{address}"),
            Repr::V6(prefix) => write!(f, "{prefix}/64"),
            Repr::Text(text) => write!(f, "\"{}\"", text.escape_ascii()),
            Repr::Digest(digest) => {
                f.write_str("sha256:")?;
                digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Repr::Unknown => f.write_str("unknown"),
        }
    }
}
