use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use http::HeaderName;
use http::header::{HOST, REFERER, USER_AGENT};
use serde::Serialize;
use serde_json::ser::Formatter;

use super::Stamp;
use crate::access_log::record::Record;

/// An object a line, with the keys that the [module](crate::access_log#json) lists.
///
/// ```
/// use http::HeaderName;
/// use transom_middleware::access_log::JsonFormat;
///
/// let format = JsonFormat::new().with_request_field(HeaderName::from_static("x-request-id"));
/// # let _ = format;
/// ```
#[derive(Clone, Debug, Default)]
pub struct JsonFormat {
    fields: Arc<[HeaderName]>,
}

impl JsonFormat {
    /// Returns the format, without further fields of the request.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field of the request, in `headers`.
    #[must_use]
    pub fn with_request_field(self, name: HeaderName) -> Self {
        let fields = self.fields.iter().cloned().chain([name]).collect();
        Self { fields }
    }

    pub(super) fn request_fields(&self) -> Vec<HeaderName> {
        let known = [HOST, REFERER, USER_AGENT];
        let added = self.fields.iter().filter(|name| !known.contains(name));
        let mut names: Vec<_> = added.cloned().collect();
        names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        names.extend(known);
        names
    }

    pub(super) fn line(&self, record: &Record<'_>) -> String {
        let headers = self.fields.iter().filter_map(|name| {
            let value = text(record.field(name)?);
            Some((name.as_str(), value))
        });
        let line = Line {
            time: Stamp::of(record.time).rfc3339(),
            client_ip: record.client_ip().map(|ip| ip.to_string()),
            client_port: record.client_port(),
            user: record.user(),
            method: record.method(),
            target: text(record.target()),
            protocol: record.protocol(),
            scheme: record.scheme(),
            host: record.host().map(text),
            status: record.status.as_u16(),
            bytes: record.bytes,
            duration_ms: record.milliseconds(),
            outcome: record.outcome.as_str(),
            referer: record.referer().map(text),
            user_agent: record.field(&USER_AGENT).map(text),
            request_id: record.identifier(),
            headers: headers.collect(),
        };
        let mut bytes = Vec::with_capacity(512);
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Ascii);
        // Neither a vector nor the types above fail.
        let _ = line.serialize(&mut serializer);
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// JSON is UTF-8: bytes that are not become U+FFFD.
fn text(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    method: &'a str,
    target: String,
    protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    status: u16,
    bytes: u64,
    duration_ms: f64,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    referer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'a str, String>,
}

/// Escapes whatever is not visible ASCII: a terminal obeys DEL, and the controls of U+0080 to U+009F.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for c in fragment.chars() {
            match c {
                ' '..='~' => writer.write_all(&[c as u8])?,
                _ => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}
