//! What clients are held to, and what the engine refuses by itself.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::time::Duration;

use support::{bare, start};
use transom::{Body, Request, Response};
use transom_conformance::by_hand::{Serving, until};
use transom_trillium::TrilliumServer;

const SOON: Option<Duration> = Some(Duration::from_millis(50));

fn server() -> TrilliumServer {
    TrilliumServer::new("http://127.0.0.1:0")
}

async fn whole(request: Request) -> Response {
    match request.into_body().collect(1 << 26).await {
        Ok(bytes) => Response::new(Body::from(format!("{} bytes", bytes.len()))),
        Err(error) => Response::new(Body::from(format!("{error}"))),
    }
}

#[tokio::test]
async fn a_body_may_be_longer_than_the_engine_has_it_by_default() {
    let serving = start(whole).await;
    let length = 12 << 20;
    let head = format!("PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
    let mut client = serving.connect().await;
    client.send(head).await;
    client.send(vec![b'x'; length]).await;
    client.head().await;
    client.until("12582912 bytes").await;
    serving.stop().await;
}

#[tokio::test]
async fn a_head_that_is_too_long_is_answered_431() {
    let server = server().with_configure(|engine| engine.with_head_max_len(1024));
    let serving = Serving::start_on(server, async |_: Request| bare(200)).await;
    let answer = serving
        .exchange(format!(
            "GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
            "x".repeat(4096)
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    serving.stop().await;
}

#[tokio::test]
async fn a_head_that_takes_too_long_is_answered_408() {
    let server = server().with_request_head_timeout(SOON);
    let serving = Serving::start_on(server, async |_: Request| bare(200)).await;
    let answer = serving.exchange("GET / HTTP/1.1\r\nhost:").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");

    let mut client = serving.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 "));
    client.send("GET /").await;
    assert!(client.rest().await.starts_with("HTTP/1.1 408 "));
    serving.stop().await;
}

#[tokio::test]
async fn a_connection_that_is_idle_for_too_long_is_closed_without_a_word() {
    let server = server().with_keep_alive_timeout(SOON);
    let serving = Serving::start_on(server, async |_: Request| bare(200)).await;
    let mut client = serving.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.head().await;
    assert_eq!(client.rest().await, "");
    until(|| serving.statistics.connections() == 0).await;
    serving.stop().await;
}

#[tokio::test]
async fn a_request_may_take_longer_than_a_head() {
    let server = server()
        .with_request_head_timeout(SOON)
        .with_keep_alive_timeout(SOON);
    let serving = Serving::start_on(server, whole).await;
    let mut client = serving.connect().await;
    client
        .send("PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbo")
        .await;
    tokio::time::sleep(Duration::from_millis(50) * 2).await;
    client.send("dy").await;
    client.head().await;
    client.until("4 bytes").await;
    serving.stop().await;
}

#[tokio::test]
async fn a_method_that_the_engine_does_not_know_is_answered_501() {
    let serving = start(async |_: Request| bare(200)).await;
    let answer = serving.exchange("BREW / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 501 "), "{answer}");
    serving.stop().await;
}

#[tokio::test]
async fn a_whole_uri_that_agrees_with_host_is_a_target() {
    let serving =
        start(async |request: Request| Response::new(Body::from(request.uri().to_string()))).await;
    let mut client = serving.connect().await;
    client
        .send("GET http://a:80/b?c HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    client.head().await;
    client.until("/b?c").await;
    serving.stop().await;
}
