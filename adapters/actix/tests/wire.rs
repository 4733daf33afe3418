//! What goes over the wire, where the engine's way of it is particular.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::time::Duration;

use futures_util::StreamExt;
use http::{HeaderValue, StatusCode, header};
use support::start;
use tokio::io::AsyncReadExt;
use transom::features::{ConnectionInfo, RequestExt, RequestLifetime, Scheme};
use transom::{Body, Request, Response};
use transom_conformance::by_hand::{content, within};

fn chunks(chunks: Vec<Result<&'static str, std::io::Error>>) -> Body {
    Body::from_stream(futures_util::stream::iter(chunks))
}

#[tokio::test]
async fn a_connection_is_told_apart_and_its_ends_are_known() {
    let serving = start(async |request: Request| {
        let info = request.feature::<ConnectionInfo>().unwrap();
        let (local, remote) = (info.local().unwrap(), info.remote().unwrap());
        let scheme = request.feature::<Scheme>().unwrap();
        Response::new(Body::from(format!(
            "{} {local} {remote} {scheme}",
            info.id()
        )))
    })
    .await;
    let mut client = serving.connect().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let head = client.head().await;
        assert!(!head.to_lowercase().contains("connection:"), "{head}");
        let length = head.split("content-length: ").nth(1).unwrap();
        let length = length.split('\r').next().unwrap().parse().unwrap();
        seen.push(client.exactly(length).await);
    }
    assert_eq!(seen[0], seen[1]);
    let peer = client.0.local_addr().unwrap();
    assert!(
        seen[0].ends_with(&format!(" {} {peer} http", serving.address)),
        "{}",
        seen[0]
    );
    let other = serving
        .exchange("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert_ne!(content(&other)[..13], seen[0][..13]);
    serving.stop().await;
}

#[tokio::test]
async fn repeated_and_obs_text_fields_pass_both_ways() {
    let serving = start(async |request: Request| {
        let mut response = Response::new(Body::empty());
        for value in request.headers().get_all("x-in") {
            response.headers_mut().append("x-out", value.clone());
        }
        response
    })
    .await;
    let mut client = serving.connect().await;
    client
        .send(b"GET / HTTP/1.1\r\nhost: a\r\nx-in: one, two\r\nx-in: caf\xe9\r\nconnection: close\r\n\r\n")
        .await;
    let mut bytes = Vec::new();
    within(client.0.read_to_end(&mut bytes)).await.unwrap();
    let wanted = b"x-out: one, two\r\nx-out: caf\xe9\r\n";
    assert!(bytes.windows(wanted.len()).any(|at| at == wanted));
    serving.stop().await;
}

#[tokio::test]
async fn a_response_without_content_is_framed_as_its_method_and_status_ask() {
    let serving = start(async |request: Request| {
        let mut response = Response::new(Body::from("hello"));
        match request.uri().path() {
            "/stream" => *response.body_mut() = chunks(vec![Ok("hello")]),
            "/length" => {
                *response.body_mut() = chunks(vec![Ok("hel"), Ok("lo")]);
                let length = HeaderValue::from_static("5");
                response
                    .headers_mut()
                    .insert(header::CONTENT_LENGTH, length);
            }
            "/304" => {
                let length = HeaderValue::from_static("5");
                response
                    .headers_mut()
                    .insert(header::CONTENT_LENGTH, length);
                *response.status_mut() = StatusCode::NOT_MODIFIED;
            }
            "/204" => *response.status_mut() = StatusCode::NO_CONTENT,
            "/205" => *response.status_mut() = StatusCode::RESET_CONTENT,
            "/103" => *response.status_mut() = StatusCode::EARLY_HINTS,
            "/101" => *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS,
            _ => {}
        }
        response
    })
    .await;
    let cases = [
        ("GET", "/", "200", Some("content-length: 5"), "hello"),
        ("HEAD", "/", "200", Some("content-length: 5"), ""),
        ("HEAD", "/stream", "200", None, ""),
        ("HEAD", "/length", "200", Some("content-length: 5"), ""),
        ("GET", "/length", "200", Some("content-length: 5"), "hello"),
        ("GET", "/304", "304", Some("content-length: 5"), ""),
        ("GET", "/204", "204", None, ""),
        ("GET", "/205", "205", Some("content-length: 0"), ""),
        ("GET", "/103", "500", None, ""),
        ("GET", "/101", "500", None, ""),
    ];
    let mut client = serving.connect().await;
    for (method, path, status, length, wanted) in cases {
        client
            .send(format!("{method} {path} HTTP/1.1\r\nhost: a\r\n\r\n"))
            .await;
        let head = client.head().await;
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}")),
            "{path}: {head}"
        );
        match length {
            Some(length) => assert!(head.contains(length), "{method} {path}: {head}"),
            None if status == "500" => assert!(head.contains("content-length: 0"), "{head}"),
            None => assert!(!head.contains("content-length"), "{method} {path}: {head}"),
        }
        assert_eq!(client.exactly(wanted.len()).await, wanted);
    }
    serving.stop().await;
}

#[tokio::test]
async fn an_http_1_0_client_gets_a_stream_without_chunks_up_to_the_end_of_the_connection() {
    let serving =
        start(async |_: Request| Response::new(chunks(vec![Ok("one "), Ok(""), Ok("two")]))).await;
    let response = serving
        .exchange("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
        .await;
    assert!(response.starts_with("HTTP/1.0 200 OK\r\n"), "{response}");
    assert!(!response.contains("transfer-encoding"), "{response}");
    assert!(!response.contains("keep-alive"), "{response}");
    assert_eq!(content(&response), "one two");
    serving.stop().await;
}

#[tokio::test]
async fn an_empty_frame_does_not_end_a_chunked_body() {
    let serving =
        start(async |_: Request| Response::new(chunks(vec![Ok("one "), Ok(""), Ok("two")]))).await;
    let response = serving
        .exchange("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!(content(&response), "4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n");
    serving.stop().await;
}

#[tokio::test]
async fn a_body_that_fails_is_sent_as_far_as_it_came_and_never_looks_complete() {
    let serving = start(async |request: Request| {
        let mut response =
            Response::new(chunks(vec![Ok("part"), Err(std::io::Error::other("no"))]));
        if request.uri().path() == "/length" {
            let length = HeaderValue::from_static("9");
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, length);
        }
        if request.uri().path() == "/short" {
            *response.body_mut() = chunks(vec![Ok("part")]);
            let length = HeaderValue::from_static("9");
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, length);
        }
        response
    })
    .await;
    let chunked = serving.exchange("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(content(&chunked), "4\r\npart\r\n");
    let length = serving
        .exchange("GET /length HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    assert_eq!(content(&length), "part");
    let short = serving
        .exchange("GET /short HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    assert!(!content(&short).contains("partpart"));
    assert!(content(&short).len() < 9, "{short}");
    serving.stop().await;
}

#[tokio::test]
async fn more_than_the_announced_length_is_not_sent() {
    let serving = start(async |_: Request| {
        let mut response = Response::new(chunks(vec![Ok("hello"), Ok(" and more")]));
        let length = HeaderValue::from_static("5");
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
        response
    })
    .await;
    let mut client = serving.connect().await;
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        client.head().await;
        assert_eq!(client.exactly(5).await, "hello");
    }
    serving.stop().await;
}

#[tokio::test]
async fn an_abort_closes_the_connection_without_a_response() {
    let serving = start(async |request: Request| {
        let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
        if request.uri().path() == "/late" {
            let stream = futures_util::stream::once(async { Ok::<_, std::io::Error>("part") });
            let for_ever = stream.chain(futures_util::stream::pending());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(30)).await;
                lifetime.abort();
            });
            return Response::new(Body::from_stream(for_ever));
        }
        lifetime.abort();
        Response::new(Body::from("unsent"))
    })
    .await;
    assert_eq!(
        serving.exchange("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await,
        ""
    );
    let late = serving
        .exchange("GET /late HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    assert_eq!(content(&late), "4\r\npart\r\n");
    serving.stop().await;
}

#[tokio::test]
async fn an_abort_does_not_take_the_answers_before_it_along() {
    let serving = start(async |request: Request| {
        if request.uri().path() == "/abort" {
            request.feature::<RequestLifetime>().unwrap().abort();
        }
        Response::new(Body::from("answered"))
    })
    .await;
    let both = "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET /abort HTTP/1.1\r\nhost: a\r\n\r\n";
    assert_eq!(content(&serving.exchange(both).await), "answered");
    serving.stop().await;
}

#[tokio::test]
async fn one_large_frame_arrives_whole() {
    let serving = start(async |_: Request| {
        let bytes: Vec<u8> = (0..3_000_001_u32).map(|at| (at % 251) as u8).collect();
        Response::new(Body::from(bytes))
    })
    .await;
    let mut client = serving.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert!(client.head().await.contains("content-length: 3000001\r\n"));
    let mut bytes = Vec::new();
    within(client.0.read_to_end(&mut bytes)).await.unwrap();
    assert_eq!(bytes.len(), 3_000_001);
    assert!(
        bytes
            .iter()
            .zip(0_u32..)
            .all(|(byte, at)| u32::from(*byte) == at % 251)
    );
    serving.stop().await;
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_worker_lives_on() {
    let serving = start(async |request: Request| {
        assert_ne!(request.uri().path(), "/panic", "as it was asked to");
        Response::new(Body::empty())
    })
    .await;
    for _ in 0..4 {
        let mut client = serving.connect().await;
        client.send("GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(client.head().await.starts_with("HTTP/1.1 500"));
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(client.head().await.starts_with("HTTP/1.1 200"));
    }
    serving.stop().await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let serving =
        start(async |request: Request| Response::new(Body::from(request.uri().path().to_owned())))
            .await;
    let mut client = serving.connect().await;
    let requests: String = (0..40)
        .map(|n| format!("GET /{n:02} HTTP/1.1\r\nhost: a\r\n\r\n"))
        .collect();
    client.send(requests).await;
    for n in 0..40 {
        client.head().await;
        assert_eq!(client.exactly(3).await, format!("/{n:02}"));
    }
    serving.stop().await;
}

#[tokio::test]
async fn the_application_is_polled_inside_the_runtime_of_the_host() {
    let serving = start(async |_: Request| {
        let here = tokio::runtime::Handle::current().id();
        let there = tokio::spawn(async { tokio::runtime::Handle::current().id() });
        assert_eq!(there.await.unwrap(), here);
        let ticks = futures_util::stream::unfold(0, move |n| async move {
            assert_eq!(tokio::runtime::Handle::current().id(), here);
            tokio::time::sleep(Duration::from_millis(5)).await;
            (n < 3).then_some((Ok::<_, std::io::Error>("tick"), n + 1))
        });
        Response::new(Body::from_stream(ticks))
    })
    .await;
    let response = serving
        .exchange("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!(response.matches("tick").count(), 3, "{response}");
    serving.stop().await;
}

#[tokio::test]
async fn a_target_of_any_form_and_a_malformed_request_are_taken_without_a_panic() {
    let serving = start(async |request: Request| {
        let host = request.headers().get(header::HOST).cloned();
        let host = host.map(|host| host.to_str().unwrap().to_owned());
        Response::new(Body::from(format!("{} {host:?}", request.uri())))
    })
    .await;
    let cases = [
        ("GET /a%2Fb?c=%20&d", "200", "/a%2Fb?c=%20&d Some(\"a\")"),
        ("OPTIONS *", "200", "* Some(\"a\")"),
        (
            "GET http://example.com:81/x?y",
            "200",
            "/x?y Some(\"example.com:81\")",
        ),
        (
            "CONNECT example.com:443",
            "200",
            "example.com:443 Some(\"a\")",
        ),
        ("GET /\u{e9}", "400", ""),
        ("G(T /", "400", ""),
        ("GET /a b", "400", ""),
    ];
    for (line, status, wanted) in cases {
        let response = serving
            .exchange(&format!(
                "{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
            ))
            .await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{line}: {response}"
        );
        assert_eq!(content(&response), wanted, "{line}");
    }
    serving.stop().await;
}
