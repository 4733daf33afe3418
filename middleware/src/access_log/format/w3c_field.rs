use std::fmt;

use http::HeaderName;
use http::header::{COOKIE, HOST, REFERER, USER_AGENT};

/// A column of [`W3cFormat`](super::W3cFormat). What is not known is `-`.
#[doc(alias = "W3CLoggingFields")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum W3cField {
    /// `date`, when the request came; in UTC, as is the time.
    Date,
    /// `time`, when the request came.
    Time,
    /// `c-ip`, the client after forwarded headers.
    ClientIp,
    /// `cs-username`
    UserName,
    /// `s-computername`; see [`with_server_name`](super::W3cFormat::with_server_name).
    ServerName,
    /// `s-ip`, the address that the connection came to.
    ServerIp,
    /// `s-port`
    ServerPort,
    /// `cs-method`
    Method,
    /// `cs-uri-stem`, the target without its query.
    UriStem,
    /// `cs-uri-query`, without the `?`.
    UriQuery,
    /// `sc-status`
    Status,
    /// `sc-bytes`, bytes of content that the server took.
    BytesSent,
    /// `time-taken`, in milliseconds, as with IIS, with three decimals.
    TimeTaken,
    /// `cs-version`
    ProtocolVersion,
    /// `cs-host`
    Host,
    /// `cs(User-Agent)`
    UserAgent,
    /// `cs(Cookie)`: mostly a secret.
    Cookie,
    /// `cs(Referer)`
    Referer,
    /// `cs(...)`, any field of the request.
    Request(HeaderName),
    /// `x-request-id`, as the server numbers requests.
    RequestId,
    /// `x-outcome`; see the [module](crate::access_log#how-a-request-ends).
    Outcome,
}

impl W3cField {
    /// Returns the field of the request that it needs.
    pub(super) fn request_field(&self) -> Option<HeaderName> {
        match self {
            Self::Host => Some(HOST),
            Self::UserAgent => Some(USER_AGENT),
            Self::Cookie => Some(COOKIE),
            Self::Referer => Some(REFERER),
            Self::Request(name) => Some(name.clone()),
            _ => None,
        }
    }
}

/// As `#Fields` names it.
impl fmt::Display for W3cField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Date => "date",
            Self::Time => "time",
            Self::ClientIp => "c-ip",
            Self::UserName => "cs-username",
            Self::ServerName => "s-computername",
            Self::ServerIp => "s-ip",
            Self::ServerPort => "s-port",
            Self::Method => "cs-method",
            Self::UriStem => "cs-uri-stem",
            Self::UriQuery => "cs-uri-query",
            Self::Status => "sc-status",
            Self::BytesSent => "sc-bytes",
            Self::TimeTaken => "time-taken",
            Self::ProtocolVersion => "cs-version",
            Self::Host => "cs-host",
            Self::UserAgent => "cs(User-Agent)",
            Self::Cookie => "cs(Cookie)",
            Self::Referer => "cs(Referer)",
            Self::Request(name) => return write!(f, "cs({name})"),
            Self::RequestId => "x-request-id",
            Self::Outcome => "x-outcome",
        })
    }
}
