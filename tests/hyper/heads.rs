//! What is refused before the application sees it.

use crate::support::{says, start};

#[tokio::test]
async fn a_head_that_is_wrong_or_too_large_has_its_own_status() {
    let server = start(says("seen")).await;
    let long = |length| "a".repeat(length);
    for (head, status) in [
        ("GET / HTTP/1.1\r\n\r\n".into(), "400"),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n".into(), "400"),
        ("GET / HTTP/1.1\r\nhost: a b\r\n\r\n".into(), "400"),
        ("GET a HTTP/1.1\r\nhost: a\r\n\r\n".into(), "400"),
        ("GET * HTTP/1.1\r\nhost: a\r\n\r\n".into(), "405"),
        ("CONNECT / HTTP/1.1\r\nhost: a\r\n\r\n".into(), "400"),
        ("no HTTP\r\n\r\n".into(), "400"),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nbad field\r\n\r\n".into(),
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n".into(),
            "400",
        ),
        (
            format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", long(8 * 1024 - 13)),
            "414",
        ),
        (format!("GET /{}", long(64 * 1024)), "414"),
        (
            format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", long(64 * 1024)),
            "431",
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nhost: a\r\n{}\r\n",
                "a: b\r\n".repeat(100)
            ),
            "431",
        ),
        ("GET / HTTP/1.0\r\n\r\n".into(), "200"),
        (
            "OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".into(),
            "200",
        ),
        (
            format!(
                "GET /{} HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n",
                long(8 * 1024 - 14)
            ),
            "200",
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\nconnection: close\r\n\r\n",
                long(31 * 1024)
            ),
            "200",
        ),
    ] {
        let head: String = head;
        let answer = server.exchange(&head).await;
        let shown = &head[..head.len().min(40)];
        assert_eq!(answer.get(9..12), Some(status), "{shown:?} -> {answer}");
        assert_eq!(
            answer.contains("seen"),
            status == "200",
            "{shown:?} -> {answer}"
        );
        if status != "200" {
            assert!(
                answer.contains("connection: close\r\n"),
                "{shown:?} -> {answer}"
            );
            assert!(
                answer.contains("content-length: 0\r\n"),
                "{shown:?} -> {answer}"
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_refused_request_with_a_body_gets_its_answer_intact() {
    let server = start(says("seen")).await;
    let body = "x".repeat(300_000);
    let answer = server
        .exchange(format!(
            "POST / HTTP/1.1\r\ncontent-length: 300000\r\n\r\n{body}"
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn answers_to_pipelined_requests_come_before_the_refusal_of_the_last() {
    let server = start(says("seen")).await;
    let line = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(40_000));
    let answer = server
        .exchange(format!("GET / HTTP/1.1\r\nhost: a\r\n\r\n{line}"))
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 414 ").count(), 1, "{answer}");
    server.stop().await;
}
