use std::time::SystemTime;

use http::HeaderName;
use http::header::{REFERER, USER_AGENT};

use super::{JsonFormat, W3cFormat, clf};
use crate::access_log::record::Record;

/// What a line of an access log looks like.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LogFormat {
    /// The Common Log Format: `%h %l %u %t "%r" %>s %b` in Apache's words.
    Common,
    /// Common, and after it `Referer` and `User-Agent`: `combined` of Apache and nginx.
    Combined,
    /// The W3C's Extended Log File Format, as IIS and ASP.NET Core write it.
    W3c(W3cFormat),
    /// An object a line.
    Json(JsonFormat),
}

impl LogFormat {
    /// Returns the fields of requests that are to be kept for it.
    pub(in crate::access_log) fn fields(&self) -> Vec<HeaderName> {
        match self {
            Self::Common => Vec::new(),
            Self::Combined => vec![REFERER, USER_AGENT],
            Self::W3c(format) => format.request_fields(),
            Self::Json(format) => format.request_fields(),
        }
    }

    /// Returns what a file begins with: nothing, or whole lines.
    pub(in crate::access_log) fn head(&self, now: SystemTime) -> String {
        match self {
            Self::W3c(format) => format.directives(now),
            _ => String::new(),
        }
    }

    /// Returns the line of a request, without a line feed.
    pub(in crate::access_log) fn line(&self, record: &Record<'_>) -> String {
        match self {
            Self::Common => clf::common(record),
            Self::Combined => clf::combined(record),
            Self::W3c(format) => format.line(record),
            Self::Json(format) => format.line(record),
        }
    }
}

impl From<W3cFormat> for LogFormat {
    fn from(format: W3cFormat) -> Self {
        Self::W3c(format)
    }
}

impl From<JsonFormat> for LogFormat {
    fn from(format: JsonFormat) -> Self {
        Self::Json(format)
    }
}
