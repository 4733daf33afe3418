//! One deadline for everything up to the first head, and one for each head after it.

use std::time::Duration;

use transom::hyper::Limits;

use super::server::{SHORT, long, start, takes};
use crate::support::{Client, says, within};

fn limits() -> Limits {
    long().with_request_head_timeout(Some(SHORT))
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go_without_a_word() {
    let server = start(limits(), says("hello")).await;
    let mut client = server.connect().await;
    assert_eq!(takes(SHORT, client.rest()).await, "");
    server.stop().await;
}

#[tokio::test]
async fn half_a_head_is_answered_408_on_time() {
    let server = start(limits(), says("hello")).await;
    for half in [
        "G",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: ",
    ] {
        let mut client = server.connect().await;
        client.send(half).await;
        let answer = takes(SHORT, client.rest()).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{half:?}: {answer:?}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer:?}");
        assert!(answer.contains("\r\ncontent-length: 0\r\n"), "{answer:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn half_a_preface_is_let_go_on_time() {
    let server = start(limits(), says("hello")).await;
    let mut client = server.connect().await;
    client.send("PRI * HTTP/2.0\r\n\r\nS").await;
    assert_eq!(takes(SHORT, client.rest()).await, "");
    server.stop().await;
}

#[tokio::test]
async fn no_byte_moves_the_deadline() {
    let server = start(limits(), says("hello")).await;
    let mut client = server.connect().await;
    let answer = takes(SHORT, dribble(&mut client, "GET / HTTP/1.1\r\nhost: a\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
    server.stop().await;
}

#[tokio::test]
async fn the_head_of_a_next_request_has_a_time_of_its_own_from_its_first_byte() {
    let server = start(limits(), says("hello")).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        client.until("hello").await;
        // Idle for longer than a head may take.
        tokio::time::sleep(SHORT / 4).await;
    }
    tokio::time::sleep(SHORT).await;
    let answer = takes(SHORT, dribble(&mut client, "GET / HTTP/1.1\r\nhost: a\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_arrives_in_time_is_answered_however_it_arrives() {
    let server = start(
        long().with_request_head_timeout(Some(4 * SHORT)),
        says("hello"),
    )
    .await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        for byte in "GET / HTTP/1.1\r\nhost: a\r\n\r\n".chars() {
            client.send(byte.to_string()).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        client.until("hello").await;
    }
    server.stop().await;
}

#[tokio::test]
async fn without_a_limit_half_a_head_may_wait() {
    let server = start(long().with_request_head_timeout(None), says("hello")).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\n").await;
    tokio::time::sleep(SHORT).await;
    client.send("host: a\r\n\r\n").await;
    client.until("hello").await;
    server.stop().await;
}

/// Sends a byte of `head` now and then, again and again in its last field, until the server answers.
async fn dribble(client: &mut Client, head: &str) -> String {
    client.send(head).await;
    loop {
        client.send("x").await;
        let wait = Duration::from_millis(20);
        if tokio::time::timeout(wait, client.0.readable())
            .await
            .is_ok()
        {
            // What the client sends on is read, or it would not see the answer.
            return within(client.rest()).await;
        }
    }
}
