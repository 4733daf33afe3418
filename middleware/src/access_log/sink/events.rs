use http::header::USER_AGENT;

use crate::access_log::format::escape;
use crate::access_log::record::Record;

/// Makes an event of a request.
pub(super) fn emit(record: &Record<'_>) {
    tracing::info!(
        target: "transom::access",
        client_ip = record.client_ip().map(tracing::field::display),
        client_port = record.client_port(),
        user = record.user().map(shown),
        method = shown(record.method()),
        target = shown(record.target()),
        protocol = record.protocol(),
        scheme = record.scheme().map(shown),
        host = record.host().map(shown),
        status = record.status.as_u16(),
        bytes = record.bytes,
        duration_ms = record.milliseconds(),
        outcome = record.outcome.as_str(),
        referer = record.referer().map(shown),
        user_agent = record.field(&USER_AGENT).map(shown),
        request_id = record.identifier().map(shown),
        "request",
    );
}

/// Not every subscriber escapes.
fn shown(text: impl AsRef<[u8]>) -> String {
    let mut shown = String::new();
    escape(&mut shown, text.as_ref(), " ");
    shown
}
