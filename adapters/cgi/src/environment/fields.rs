use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use transom::features::ServerVariables;

use super::Refusal;

/// Returns the fields that the client sent: `HTTP_X_ONE` was `X-One`, or `X_One`, which nobody can tell.
///
/// `Content-Length` is left out: it is decided of elsewhere.
pub(super) fn fields(variables: &ServerVariables) -> Result<HeaderMap, Refusal> {
    let mut fields = HeaderMap::with_capacity(variables.len());
    for (name, value) in variables.iter() {
        let Some(field) = name.strip_prefix(b"HTTP_") else {
            continue;
        };
        // By the field's own name, which has one spelling.
        let field = field_name(field)?;
        let has_own_variable = field == header::CONTENT_LENGTH || field == header::CONTENT_TYPE;
        if !has_own_variable && !is_left_out(&field) {
            fields.append(field, field_value(name, value)?);
        }
    }
    // Some gateways send both, and an empty one for none.
    let types = ["CONTENT_TYPE", "HTTP_CONTENT_TYPE"];
    let mut types = types
        .into_iter()
        .filter_map(|name| Some((name, variables.get(name)?)));
    if let Some((name, value)) = types.find(|(_, value)| !value.is_empty()) {
        fields.insert(header::CONTENT_TYPE, field_value(name.as_bytes(), value)?);
    }
    Ok(fields)
}

/// Returns whether a field belongs to the client's connection and not to the request, or must not be handed on.
pub(crate) fn is_left_out(field: &HeaderName) -> bool {
    LEFT_OUT.contains(&field.as_str())
}

const LEFT_OUT: [&str; 9] = [
    "connection",
    "http2-settings",
    "keep-alive",
    // It is no field of HTTP, but a way to set the proxy of whatever the application starts: httpoxy.
    "proxy",
    "proxy-connection",
    "te",
    "trailer",
    // The body comes without its chunks, beside a `CONTENT_LENGTH` perhaps.
    "transfer-encoding",
    "upgrade",
];

fn field_name(name: &[u8]) -> Result<HeaderName, Refusal> {
    let mut short = [0; 64];
    let mut long = Vec::new();
    let dashed = match short.get_mut(..name.len()) {
        Some(short) => short,
        None => {
            long.resize(name.len(), 0);
            &mut long[..]
        }
    };
    for (to, from) in dashed.iter_mut().zip(name) {
        *to = if *from == b'_' { b'-' } else { *from };
    }
    HeaderName::from_bytes(dashed).map_err(|_| {
        Refusal::malformed(format!(
            "`HTTP_{}` is not the name of a field",
            name.escape_ascii()
        ))
    })
}

fn field_value(name: &[u8], value: &Bytes) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_maybe_shared(value.clone()).map_err(|_| {
        Refusal::malformed(format!(
            "the value of `{}` cannot be that of a field",
            name.escape_ascii()
        ))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(variables: &[(&'static str, &'static [u8])]) -> Result<HeaderMap, Refusal> {
        fields(&variables.iter().copied().collect())
    }

    #[test]
    fn fields_have_dashes_and_their_bytes() {
        let fields = of(&[
            ("HTTP_X_ONE", b"1"),
            ("HTTP_ACCEPT", b"caf\xe9"),
            ("HTTP_X_ONE", b"2"),
            ("REMOTE_USER", b"ada"),
        ])
        .unwrap();
        let ones: Vec<_> = fields.get_all("x-one").iter().collect();
        assert_eq!(ones, ["1", "2"]);
        assert_eq!(fields["accept"].as_bytes(), b"caf\xe9");
        assert_eq!(fields.len(), 3);
    }

    #[test]
    fn what_is_of_the_connection_does_not_come_through() {
        let fields = of(&[
            ("HTTP_PROXY", b"http://evil.test"),
            ("HTTP_Proxy", b"http://evil.test"),
            ("HTTP_KEEP-ALIVE", b"1"),
            ("HTTP_TRANSFER_ENCODING", b"chunked"),
            ("HTTP_CONNECTION", b"upgrade"),
            ("HTTP_UPGRADE", b"websocket"),
            ("HTTP_TE", b"trailers"),
            ("HTTP_CONTENT_LENGTH", b"5"),
        ]);
        assert_eq!(fields, Ok(HeaderMap::new()));
    }

    #[test]
    fn the_type_of_the_content_is_never_doubled() {
        let both = of(&[
            ("CONTENT_TYPE", b"text/plain"),
            ("HTTP_CONTENT_TYPE", b"text/html"),
        ])
        .unwrap();
        let types: Vec<_> = both.get_all("content-type").iter().collect();
        assert_eq!(types, ["text/plain"]);
        let empty = of(&[("CONTENT_TYPE", b"")]).unwrap();
        assert!(empty.is_empty());
        let client = of(&[("CONTENT_TYPE", b""), ("HTTP_CONTENT_TYPE", b"a/b")]).unwrap();
        assert_eq!(client["content-type"], "a/b");
    }

    #[test]
    fn what_is_no_field_is_refused_by_name() {
        let error = of(&[("HTTP_A B", b"1")]).unwrap_err();
        assert_eq!(error.to_string(), "`HTTP_A B` is not the name of a field");
        let error = of(&[("HTTP_A", b"1\r\nb: 2")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the value of `HTTP_A` cannot be that of a field"
        );
        assert!(of(&[("HTTP_", b"1")]).is_err());
    }
}
