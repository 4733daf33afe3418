use http::{HeaderValue, Request, header};
use transom::RequestExt;
use transom::features::RequestIdentifier;

use super::accept::Form;

/// What an answer has to know of its request: the form that the client asks for, and the trace. It is cheap to keep.
#[derive(Clone, Debug)]
pub struct ProblemContext {
    accept: Vec<HeaderValue>,
    traceparent: Option<HeaderValue>,
    identifier: Option<RequestIdentifier>,
}

impl ProblemContext {
    /// Returns the context of a request.
    pub fn of<B>(request: &Request<B>) -> Self {
        let headers = request.headers();
        Self {
            accept: headers.get_all(header::ACCEPT).iter().cloned().collect(),
            traceparent: headers.get("traceparent").cloned(),
            identifier: request.feature::<RequestIdentifier>().cloned(),
        }
    }

    /// Returns what names the request in logs, if anything does.
    pub fn trace_id(&self) -> Option<String> {
        let traceparent = self.traceparent.as_ref().and_then(trace_of);
        traceparent.or_else(|| self.identifier.as_ref().map(ToString::to_string))
    }

    pub(crate) fn form(&self) -> Form {
        Form::preferred(&self.accept)
    }
}

/// Reads the trace of `00-<32 hex>-<16 hex>-<2 hex>`.
fn trace_of(traceparent: &HeaderValue) -> Option<String> {
    let mut parts = traceparent.to_str().ok()?.trim().split('-');
    let (version, trace, parent) = (parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, length| {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        part.len() == length && part.bytes().all(digit)
    };
    let is_some = |part: &str| part.bytes().any(|byte| byte != b'0');
    let valid = is_hex(version, 2)
        && version != "ff"
        && is_hex(trace, 32)
        && is_some(trace)
        && is_hex(parent, 16)
        && is_some(parent)
        && is_hex(parts.next()?, 2);
    valid.then(|| trace.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_is_that_of_a_valid_traceparent() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for (value, expected) in [
            (format!("00-{trace}-00f067aa0ba902b7-01"), Some(trace)),
            (format!("cc-{trace}-00f067aa0ba902b7-01-later"), Some(trace)),
            (format!("ff-{trace}-00f067aa0ba902b7-01"), None),
            (format!("00-{trace}-0000000000000000-01"), None),
            (format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)), None),
            (
                format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
                None,
            ),
            (format!("00-{trace}-00f067aa0ba902b7"), None),
            ("<script>".into(), None),
        ] {
            let value = HeaderValue::try_from(value).unwrap();
            assert_eq!(trace_of(&value).as_deref(), expected, "{value:?}");
        }
    }
}
