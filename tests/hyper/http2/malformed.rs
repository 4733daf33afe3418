//! Requests that are none. Their streams end with PROTOCOL_ERROR, and the application is not called.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use transom::{Body, Request, Response};

use super::frames::{
    DATA, END_HEADERS, END_STREAM, GET, GOAWAY, HEADERS, PROTOCOL_ERROR, Peer, RST_STREAM, block,
    frame,
};
use crate::support::start;

type Fields<'a> = &'a [(&'a str, &'a str)];

/// What RFC 9113, sections 8.1 to 8.5, calls malformed.
const MALFORMED: &[(&str, Fields<'static>)] = &[
    (
        "another scheme",
        &[
            (":method", "GET"),
            (":scheme", "https"),
            (":path", "/"),
            (":authority", "a"),
        ],
    ),
    (
        "an unknown scheme",
        &[
            (":method", "GET"),
            (":scheme", "gopher"),
            (":path", "/"),
            (":authority", "a"),
        ],
    ),
    (
        "no method",
        &[(":scheme", "http"), (":path", "/"), (":authority", "a")],
    ),
    (
        "no scheme",
        &[(":method", "GET"), (":path", "/"), (":authority", "a")],
    ),
    (
        "no path",
        &[(":method", "GET"), (":scheme", "http"), (":authority", "a")],
    ),
    (
        "an empty path",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", ""),
            (":authority", "a"),
        ],
    ),
    (
        "a path without a slash",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "a"),
            (":authority", "a"),
        ],
    ),
    (
        "an asterisk for a GET",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "*"),
            (":authority", "a"),
        ],
    ),
    (
        "two paths",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":path", "/"),
            (":authority", "a"),
        ],
    ),
    (
        "a status",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            (":status", "200"),
        ],
    ),
    (
        "a pseudo-header field that nobody knows",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":x", "a"),
        ],
    ),
    (
        "a pseudo-header field after a field",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            ("x", "y"),
            (":path", "/"),
        ],
    ),
    (
        "user information",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "u@a"),
        ],
    ),
    (
        "an authority that is none",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a b"),
        ],
    ),
    (
        "another host",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("host", "b"),
        ],
    ),
    (
        "connection",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("connection", "close"),
        ],
    ),
    (
        "keep-alive",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("keep-alive", "1"),
        ],
    ),
    (
        "proxy-connection",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("proxy-connection", "close"),
        ],
    ),
    (
        "transfer-encoding",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("transfer-encoding", "chunked"),
        ],
    ),
    (
        "upgrade",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("upgrade", "x"),
        ],
    ),
    (
        "te beside trailers",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("te", "gzip"),
        ],
    ),
    (
        "a name in upper case",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("X-Upper", "y"),
        ],
    ),
    (
        "an empty name",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("", "y"),
        ],
    ),
    (
        "a name with a space",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("a b", "y"),
        ],
    ),
    (
        "a value with a line feed",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("x", "y\nz: a"),
        ],
    ),
    (
        "a value with a NUL",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("x", "y\0"),
        ],
    ),
    (
        "a value that begins with a space",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("x", " y"),
        ],
    ),
    (
        "a value that ends with a tab",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("x", "y\t"),
        ],
    ),
    (
        "a length without a body",
        &[
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("content-length", "3"),
        ],
    ),
    (
        "a length that is none",
        &[
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("content-length", "+0"),
        ],
    ),
    (
        "two lengths",
        &[
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("content-length", "0"),
            ("content-length", "1"),
        ],
    ),
    (
        "CONNECT with a path",
        &[
            (":method", "CONNECT"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a:80"),
        ],
    ),
    ("CONNECT without an authority", &[(":method", "CONNECT")]),
    (
        "a protocol without CONNECT",
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            (":protocol", "websocket"),
        ],
    ),
    (
        "a protocol without a path",
        &[
            (":method", "CONNECT"),
            (":scheme", "http"),
            (":authority", "a"),
            (":protocol", "websocket"),
        ],
    ),
];

#[tokio::test]
async fn what_is_malformed_is_an_error_of_its_stream_or_of_the_connection() {
    let calls = Arc::new(AtomicUsize::new(0));
    let server = start({
        let calls = Arc::clone(&calls);
        move |_: Request| {
            calls.fetch_add(1, Ordering::Relaxed);
            async { Response::new(Body::from("done")) }
        }
    })
    .await;
    let mut wrong = Vec::new();
    for (what, fields) in MALFORMED {
        let mut peer = Peer::open(&server).await;
        peer.request(1, fields).await;
        let is_end =
            |frame: &super::frames::Frame| matches!(frame.kind, HEADERS | RST_STREAM | GOAWAY);
        let end = peer.until("an answer", is_end).await;
        if end.kind == HEADERS || end.code() != PROTOCOL_ERROR {
            wrong.push(format!("{what}: {end:?}"));
        }
        if calls.swap(0, Ordering::Relaxed) > 0 {
            wrong.push(format!("{what}: the application was called"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    server.stop().await;
}

#[tokio::test]
async fn what_only_looks_so_is_served() {
    let server = start(|request: Request| async move {
        let host = request.headers().get("host").cloned();
        Response::new(Body::from(format!("{} {host:?}", request.uri())))
    })
    .await;
    let mut peer = Peer::open(&server).await;
    let mut stream = 1;
    let mut answers = Vec::new();
    for fields in [
        &[
            (":method", "GET"),
            (":scheme", "HTTP"),
            (":path", "/a?b"),
            (":authority", "a:80"),
            ("host", "A"),
        ][..],
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/a"),
            ("host", "b"),
        ],
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("te", "trailers"),
        ],
        &[
            (":method", "OPTIONS"),
            (":scheme", "http"),
            (":path", "*"),
            (":authority", "a"),
        ],
        &[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
            ("content-length", "0"),
        ],
        &[
            (":authority", "a"),
            (":path", "/"),
            (":method", "GET"),
            (":scheme", "http"),
        ],
    ] {
        peer.request(stream, fields).await;
        answers.push(peer.answer(stream).await);
        stream += 2;
    }
    let expected = [
        r#"/a?b Some("a:80")"#,
        r#"/a Some("b")"#,
        r#"/ Some("a")"#,
        r#"* Some("a")"#,
        r#"/ Some("a")"#,
        r#"/ Some("a")"#,
    ];
    assert_eq!(answers, expected);
    drop(peer);
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_it_says_is_an_error_of_its_stream() {
    let server = start(|request: Request| async move {
        let end = match request.into_body().collect(1024).await {
            Ok(_) => "whole",
            Err(error) if error.is_disconnect() => "gone",
            Err(_) => "malformed",
        };
        Response::new(Body::from(end))
    })
    .await;
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "a"),
        ("content-length", "5"),
    ];
    let mut peer = Peer::open(&server).await;
    for (stream, body) in [(1, &b"shrt"[..]), (3, b"too long")] {
        peer.send(&frame(HEADERS, END_HEADERS, stream, &block(&fields)))
            .await;
        peer.send(&frame(DATA, END_STREAM, stream, body)).await;
        let reset = peer.until_kind(RST_STREAM).await;
        assert_eq!((reset.stream, reset.code()), (stream, PROTOCOL_ERROR));
    }
    peer.request(5, GET).await;
    assert_eq!(peer.answer(5).await, "whole");
    drop(peer);
    server.stop().await;
}
