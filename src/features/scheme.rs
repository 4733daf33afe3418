use std::fmt;

use super::Feature;

/// The scheme of the request: that of the last hop, unless middleware knows better.
///
/// ```
/// use transom::features::Scheme;
///
/// assert_eq!(Scheme::Https.as_str(), "https");
/// assert_eq!(Scheme::Https.default_port(), 443);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Cleartext.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// Returns the scheme in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Returns the port that an address without one means.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Feature for Scheme {
    const NAME: &'static str = "request.scheme";
}
