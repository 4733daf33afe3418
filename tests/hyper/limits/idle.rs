//! Connections between requests.

use transom::{Body, Request, Response};

use super::server::{SHORT, long, start, takes};
use crate::support::says;

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn an_idle_connection_is_closed_without_a_word() {
    let server = start(long().with_keep_alive_timeout(Some(SHORT)), says("hello")).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.send(GET).await;
        client.until("hello").await;
        // Each request begins the time anew.
        tokio::time::sleep(SHORT / 2).await;
    }
    client.send(GET).await;
    client.until("hello").await;
    assert_eq!(takes(SHORT, client.rest()).await, "");
    server.stop().await;
}

#[tokio::test]
async fn the_time_before_the_first_request_is_not_idle_time() {
    let server = start(long().with_keep_alive_timeout(Some(SHORT)), says("hello")).await;
    let mut client = server.connect().await;
    tokio::time::sleep(2 * SHORT).await;
    client.send(GET).await;
    client.until("hello").await;
    server.stop().await;
}

#[tokio::test]
async fn no_timer_runs_while_the_application_works() {
    let limits = long()
        .with_keep_alive_timeout(Some(SHORT))
        .with_request_head_timeout(Some(SHORT));
    let server = start(limits, |_: Request| async {
        tokio::time::sleep(3 * SHORT).await;
        let slow = futures_util::stream::unfold(0, |sent| async move {
            tokio::time::sleep(SHORT).await;
            (sent < 3).then_some((Ok::<_, std::io::Error>("piece"), sent + 1))
        });
        Response::new(Body::from_stream(slow))
    })
    .await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send(GET).await;
        let answer = client.until("0\r\n\r\n").await;
        assert_eq!(answer.matches("piece").count(), 3, "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_is_left_may_take_its_time_and_then_the_connection_is_idle() {
    let server = start(long().with_keep_alive_timeout(Some(SHORT)), says("hello")).await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n")
        .await;
    client.until("hello").await;
    tokio::time::sleep(2 * SHORT).await;
    client.send("left").await;
    assert_eq!(takes(SHORT, client.rest()).await, "");
    server.stop().await;
}

#[tokio::test]
async fn a_timer_that_is_off_never_fires() {
    let server = start(long().with_keep_alive_timeout(None), says("hello")).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send(GET).await;
        client.until("hello").await;
        tokio::time::sleep(2 * SHORT).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_slept_is_used_again() {
    let server = start(long(), says("hello")).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.send(GET).await;
        client.until("hello").await;
        // Two requests at once, the second of them not whole, before and behind a sleep.
        client.send(format!("{GET}{}", &GET[..10])).await;
        client.until("hello").await;
        advance(5).await;
        client.send(&GET[10..]).await;
        client.until("hello").await;
        advance(5).await;
    }
    server.stop().await;
}

/// Lets seconds pass for every timer.
async fn advance(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(seconds)).await;
    tokio::time::resume();
}
