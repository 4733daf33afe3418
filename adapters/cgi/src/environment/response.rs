use bytes::{BufMut, BytesMut};
use http::response::Parts;
use http::{HeaderValue, Method, StatusCode, header};

/// How the first line of a response is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadForm {
    /// `Status: 200 OK`, a field like the others; RFC 3875, section 6.3.3.
    Field,
    /// `HTTP/1.1 200 OK`. Some gateways show the field to their clients.
    Line,
}

/// Writes the head of a response, up to and with the empty line.
pub(crate) fn write_head(head: &Parts, form: HeadForm, to: &mut BytesMut) {
    to.put_slice(match form {
        HeadForm::Field => b"Status: ",
        HeadForm::Line => b"HTTP/1.1 ",
    });
    to.put_slice(head.status.as_str().as_bytes());
    to.put_u8(b' ');
    // Some gateways want one.
    to.put_slice(reason(head.status).as_bytes());
    to.put_slice(b"\r\n");
    for (name, value) in &head.headers {
        if is_sent(name.as_str()) {
            to.put_slice(name.as_str().as_bytes());
            to.put_slice(b": ");
            to.put_slice(value.as_bytes());
            to.put_slice(b"\r\n");
        }
    }
    to.put_slice(b"\r\n");
}

/// Returns whether a gateway may get a field of that name, in lower case.
///
/// It would take an application's `Status` for its own, or for a second one.
pub(crate) fn is_sent(field: &str) -> bool {
    field != "status"
}

/// Returns the words for a status.
pub(crate) fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Unknown")
}

/// Adds the `Content-Length` of a body whose length is known: the end of the connection is no reliable end.
pub(crate) fn announce_length(asked: &Method, head: &mut Parts, exact: Option<u64>) {
    let none = *asked == Method::HEAD
        || *asked == Method::CONNECT && head.status.is_success()
        || head.status == StatusCode::NO_CONTENT
        || head.status == StatusCode::NOT_MODIFIED;
    if let (Some(exact), false) = (exact, none) {
        head.headers
            .entry(header::CONTENT_LENGTH)
            .or_insert(HeaderValue::from(exact));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use http::Response;

    use super::*;

    fn head(status: u16, fields: &[(&'static str, &'static str)]) -> Parts {
        let mut response = Response::builder().status(status);
        for (name, value) in fields {
            response = response.header(*name, *value);
        }
        response.body(()).unwrap().into_parts().0
    }

    fn written(head: &Parts, form: HeadForm) -> String {
        let mut bytes = BytesMut::new();
        write_head(head, form, &mut bytes);
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn a_head_has_one_status_and_all_fields() {
        let head = head(
            200,
            &[
                ("set-cookie", "a=1"),
                ("status", "500"),
                ("set-cookie", "b=2"),
            ],
        );
        assert_eq!(
            written(&head, HeadForm::Field),
            "Status: 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n"
        );
        assert!(written(&head, HeadForm::Line).starts_with("HTTP/1.1 200 OK\r\nset-"));
    }

    #[test]
    fn a_status_without_a_name_has_words_all_the_same() {
        let head = head(599, &[]);
        assert_eq!(
            written(&head, HeadForm::Field),
            "Status: 599 Unknown\r\n\r\n"
        );
    }

    #[test]
    fn a_length_is_added_where_there_may_be_content() {
        for (method, status, expected) in [
            (Method::GET, 200, true),
            (Method::HEAD, 200, false),
            (Method::GET, 204, false),
            (Method::GET, 304, false),
            (Method::POST, 201, true),
        ] {
            let mut head = head(status, &[]);
            announce_length(&method, &mut head, Some(0));
            let added = head.headers.contains_key(header::CONTENT_LENGTH);
            assert_eq!(added, expected, "{method} {status}");
        }
        let mut said = head(200, &[("content-length", "7")]);
        announce_length(&Method::GET, &mut said, Some(7));
        assert_eq!(said.headers.get_all("content-length").iter().count(), 1);
    }
}
