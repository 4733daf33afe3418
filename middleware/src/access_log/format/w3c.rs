use std::fmt::Write;
use std::sync::Arc;
use std::time::SystemTime;

use http::HeaderName;

use super::{Stamp, W3cField, escape};
use crate::access_log::record::Record;

/// The W3C's Extended Log File Format, with columns of one's choice.
///
/// By default they are those of ASP.NET Core's, and two more: `date time c-ip s-computername s-ip s-port cs-method
/// cs-uri-stem cs-uri-query sc-status sc-bytes time-taken cs-version cs-host cs(User-Agent) cs(Referer) x-outcome`.
/// Neither users nor cookies are among them.
///
/// A space within a value is `+`, as with IIS, and what could be taken for another line or column is `\xHH`.
///
/// ```
/// use transom_middleware::access_log::{W3cField, W3cFormat};
///
/// let format = W3cFormat::new().with_fields([W3cField::Time, W3cField::ClientIp, W3cField::Status]);
/// # let _ = format;
/// ```
#[doc(alias = "W3CLoggerOptions")]
#[derive(Clone, Debug)]
pub struct W3cFormat {
    fields: Arc<[W3cField]>,
    server_name: Option<Arc<str>>,
}

impl Default for W3cFormat {
    fn default() -> Self {
        Self::new()
    }
}

impl W3cFormat {
    /// Returns the format with its columns by default.
    pub fn new() -> Self {
        use W3cField::*;
        Self {
            fields: [
                Date,
                Time,
                ClientIp,
                ServerName,
                ServerIp,
                ServerPort,
                Method,
                UriStem,
                UriQuery,
                Status,
                BytesSent,
                TimeTaken,
                ProtocolVersion,
                Host,
                UserAgent,
                Referer,
                Outcome,
            ]
            .into(),
            server_name: None,
        }
    }

    /// Sets the columns, in their order.
    #[must_use]
    #[doc(alias = "LoggingFields")]
    pub fn with_fields(self, fields: impl IntoIterator<Item = W3cField>) -> Self {
        Self {
            fields: fields.into_iter().collect(),
            ..self
        }
    }

    /// Adds a column at the end.
    #[must_use]
    #[doc(alias = "AdditionalRequestHeaders")]
    pub fn with_field(self, field: W3cField) -> Self {
        let fields = self.fields.iter().cloned().chain([field]).collect();
        Self { fields, ..self }
    }

    /// Sets what `s-computername` is; `-` by default.
    #[must_use]
    pub fn with_server_name(self, name: &str) -> Self {
        Self {
            server_name: Some(name.into()),
            ..self
        }
    }

    pub(super) fn request_fields(&self) -> Vec<HeaderName> {
        let names = self.fields.iter().filter_map(W3cField::request_field);
        let mut names: Vec<_> = names.collect();
        names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        names
    }

    pub(super) fn directives(&self, now: SystemTime) -> String {
        let now = Stamp::of(now);
        let mut head = format!(
            "#Version: 1.0\n#Start-Date: {} {}\n#Fields:",
            now.date(),
            now.time()
        );
        for field in &*self.fields {
            // Writing to a string cannot fail.
            let _ = write!(head, " {field}");
        }
        head.push('\n');
        head
    }

    pub(super) fn line(&self, record: &Record<'_>) -> String {
        let mut line = String::with_capacity(256);
        let time = Stamp::of(record.time);
        let target = record.target();
        let mut target = target.splitn(2, |byte| *byte == b'?');
        let (stem, query) = (target.next(), target.next());
        for field in &*self.fields {
            if !line.is_empty() {
                line.push(' ');
            }
            let text = match field {
                W3cField::Date => time.date().into_bytes(),
                W3cField::Time => time.time().into_bytes(),
                W3cField::ClientIp => printed(record.client_ip()),
                W3cField::UserName => printed(record.user()),
                W3cField::ServerName => printed(self.server_name.as_deref()),
                W3cField::ServerIp => printed(record.server_ip()),
                W3cField::ServerPort => printed(record.server_port()),
                W3cField::Method => record.method().into(),
                W3cField::UriStem => stem.unwrap_or_default().into(),
                W3cField::UriQuery => query.unwrap_or_default().into(),
                W3cField::Status => printed(Some(record.status.as_u16())),
                W3cField::BytesSent => printed(Some(record.bytes)),
                W3cField::TimeTaken => format!("{:.3}", record.milliseconds()).into_bytes(),
                W3cField::ProtocolVersion => record.protocol().into_bytes(),
                W3cField::Host => record.host().unwrap_or_default().into_owned(),
                W3cField::Referer => record.referer().unwrap_or_default().into_owned(),
                W3cField::UserAgent | W3cField::Cookie | W3cField::Request(_) => {
                    let value = field.request_field().and_then(|name| record.field(&name));
                    value.unwrap_or_default().into_owned()
                }
                W3cField::RequestId => record.identifier().unwrap_or_default().into_bytes(),
                W3cField::Outcome => record.outcome.as_str().into(),
            };
            escape(&mut line, &text, "+");
        }
        // What begins a directive begins no line.
        if line.starts_with('#') {
            line.replace_range(..1, "\\x23");
        }
        line
    }
}

fn printed<T: ToString>(value: Option<T>) -> Vec<u8> {
    value
        .map(|value| value.to_string())
        .unwrap_or_default()
        .into_bytes()
}
