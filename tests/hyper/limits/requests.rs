//! How many requests a connection may carry, and how large they may be.

use super::server::{long, start};
use crate::support::says;

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn the_last_answer_announces_the_end() {
    let limits = long().with_max_requests_per_connection(Some(3));
    let server = start(limits, says("hello")).await;
    let mut client = server.connect().await;
    // The fourth is not answered.
    client.send(GET.repeat(4)).await;
    for _ in 0..2 {
        let answer = client.until("hello").await;
        assert!(!answer.contains("connection:"), "{answer}");
    }
    let answer = client.rest().await;
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn the_limits_of_a_head_are_those_that_were_set() {
    let limits = long()
        .with_max_request_fields(3)
        .with_max_request_line_size(100)
        .with_max_request_head_size(400);
    let server = start(limits, says("hello")).await;
    for (more, status) in [
        ("\r\na: 1\r\nb: 2".to_owned(), "200"),
        ("\r\na: 1\r\nb: 2\r\nc: 3".to_owned(), "431"),
        (format!("\r\na: {}", "x".repeat(300)), "200"),
        (format!("\r\na: {}", "x".repeat(2000)), "431"),
    ] {
        let mut client = server.connect().await;
        client
            .send(format!("GET / HTTP/1.1\r\nhost: a{more}\r\n\r\n"))
            .await;
        let answer = client.until("\r\n").await;
        assert!(answer.contains(status), "{more}: {answer}");
    }
    for (length, status) in [(80, "200"), (2000, "414")] {
        let mut client = server.connect().await;
        let path = "x".repeat(length);
        client
            .send(format!("GET /{path} HTTP/1.1\r\nhost: a\r\n\r\n"))
            .await;
        let answer = client.until("\r\n").await;
        assert!(answer.contains(status), "{length}: {answer}");
    }
    server.stop().await;
}
