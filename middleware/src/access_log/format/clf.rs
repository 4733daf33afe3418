//! The Common Log Format, and what Apache made of it.

use std::borrow::Cow;
use std::fmt::Write;

use http::header::USER_AGENT;

use super::{Stamp, escape};
use crate::access_log::outcome::Outcome;
use crate::access_log::record::Record;

pub(super) fn common(record: &Record<'_>) -> String {
    let mut line = String::with_capacity(256);
    // Writing to a string cannot fail.
    let _ = match record.client_ip() {
        Some(ip) => write!(line, "{ip} - "),
        None => write!(line, "- - "),
    };
    escape(
        &mut line,
        record.user().unwrap_or_default().as_bytes(),
        "\\x20",
    );
    let _ = write!(line, " [{}] \"", Stamp::of(record.time).clf());
    escape(&mut line, record.method().as_bytes(), " ");
    line.push(' ');
    escape(&mut line, &record.target(), " ");
    // The one place that the format has for it.
    let status = match record.outcome {
        Outcome::Disconnected => Outcome::closed(),
        _ => record.status,
    };
    let _ = write!(line, " {}\" {} ", record.protocol(), status.as_u16());
    let _ = match record.bytes {
        0 => line.write_char('-'),
        bytes => write!(line, "{bytes}"),
    };
    line
}

pub(super) fn combined(record: &Record<'_>) -> String {
    let mut line = common(record);
    for text in [record.referer(), record.field(&USER_AGENT)] {
        line.push_str(" \"");
        escape(&mut line, &text.unwrap_or(Cow::Borrowed(b"")), " ");
        line.push('"');
    }
    line
}
