//! Where responses end, and what follows them.

use std::fmt::Write;

use http::StatusCode;
use transom::{Body, Request, Response};

use crate::support::Running;

/// Answers `/<status>/<kind>`.
async fn app(request: Request) -> Response {
    let mut path = request.uri().path().split('/').skip(1);
    let status = path.next().and_then(|code| code.parse::<StatusCode>().ok());
    let body = match path.next() {
        Some("pieces") => {
            let pieces = ["one ", "two"].map(Ok::<_, std::io::Error>);
            Body::from_stream(futures_util::stream::iter(pieces))
        }
        Some("empty") => Body::empty(),
        _ => Body::from("content"),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status.unwrap_or(StatusCode::NOT_FOUND);
    response
}

#[test]
fn what_has_no_content_has_none_and_says_no_wrong_length() {
    let server = Running::start(app);
    let mut client = server.connect();
    for kind in ["whole", "pieces", "empty"] {
        for status in [204, 304] {
            let target = format!("/{status}/{kind}");
            let reply = client.ask("GET", &target, "", b"");
            assert_eq!(reply.status, status);
            assert_eq!(reply.fields("content-length"), [""; 0], "{target}");
            assert_eq!(reply.fields("transfer-encoding"), [""; 0], "{target}");
        }
        let reply = client.ask("HEAD", &format!("/200/{kind}"), "", b"");
        let expected = if kind == "whole" { &["7"][..] } else { &[] };
        assert_eq!(reply.fields("content-length"), expected, "HEAD of {kind}");
        // Had one of them had content, it would be read as this one's head.
        assert_eq!(client.ask("GET", "/200/whole", "", b"").text(), "content");
    }
    server.stop();
}

#[test]
fn an_old_client_gets_what_it_understands() {
    let server = Running::start(app);
    for (method, kind, content) in [
        ("GET", "whole", "content"),
        ("GET", "pieces", "one two"),
        ("HEAD", "pieces", ""),
        ("HEAD", "whole", ""),
    ] {
        let mut client = server.connect();
        let host = server.address();
        client.send_raw(&format!(
            "{method} /200/{kind} HTTP/1.0\r\nHost: {host}\r\n\r\n"
        ));
        let rest = String::from_utf8(client.rest()).unwrap();
        let (head, rest) = rest.split_once("\r\n\r\n").unwrap();
        assert_eq!(rest, content, "{method} {kind}");
        assert!(!head.contains("chunked"), "{head}");
        assert!(!head.contains("Content-Length: 0"), "{head}");
    }
    server.stop();
}

#[test]
fn requests_that_come_together_are_answered_in_their_order() {
    let server = Running::start(async |request: Request| {
        let path = request.uri().path().to_owned();
        let body = request.into_body().collect(100).await.unwrap();
        let text = format!("{path} {}", String::from_utf8_lossy(&body));
        match path.len() % 2 {
            0 => Response::new(Body::from(text)),
            _ => Response::new(Body::from_stream(futures_util::stream::iter([Ok::<
                _,
                std::io::Error,
            >(
                text
            )]))),
        }
    });
    let mut client = server.connect();
    let host = server.address();
    let mut together = String::new();
    for index in 0..20 {
        let _ = write!(
            together,
            "POST /{index} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{index:02}"
        );
    }
    client.send_raw(&together);
    for index in 0..20 {
        assert_eq!(client.reply(false).text(), format!("/{index} {index:02}"));
    }
    server.stop();
}

#[test]
fn a_connection_carries_a_hundred_requests_of_all_kinds() {
    let server = Running::start(async |request: Request| match request.uri().path() {
        // Some of it is read, or nothing.
        "/unread" => Response::new(Body::from("unread")),
        _ => Response::new(request.into_body()),
    });
    let mut client = server.connect();
    let body = vec![b'x'; 100_000];
    for index in 0..100 {
        let content = &body[..[0, 1, 5000, 100_000][index % 4]];
        match index % 3 {
            0 => assert_eq!(
                client.ask_aside("POST", "/unread", "", content).text(),
                "unread"
            ),
            _ => assert!(client.ask_aside("POST", "/", "", content).content == content),
        }
    }
    assert_eq!(server.statistics.total_requests(), 100);
    assert_eq!(server.statistics.total_connections(), 1);
    server.stop();
}

#[test]
fn a_client_that_asks_for_the_end_gets_it_behind_the_response() {
    let server = Running::start(app);
    for kind in ["whole", "pieces", "empty"] {
        let mut client = server.connect();
        client.send("GET", &format!("/200/{kind}"), "Connection: close\r\n", b"");
        assert_eq!(client.reply(false).status, 200);
        assert_eq!(client.rest(), b"");
    }
    crate::support::until_so("the connections are forgotten", || {
        server.statistics.connections() == 0
    });
    server.stop();
}
