//! Answers of HTTP/1 that the adapter sends beside the engine.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::Method;
use support::{bare, start};
use transom::features::{RequestExt, Upgrade};
use transom::{Body, Request, Response};
use transom_conformance::by_hand::{until, within};

async fn echo(request: Request) -> Response {
    Response::new(request.into_body())
}

const CHUNKED: &str = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n";

#[tokio::test]
async fn a_body_is_echoed_while_it_is_sent_and_the_connection_goes_on() {
    let serving = start(echo).await;
    let mut client = serving.connect().await;
    for _ in 0..3 {
        client.send(format!("{CHUNKED}\r\n")).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("transfer-encoding: chunked\r\n"), "{head}");
        assert!(head.contains("date: "), "{head}");
        for piece in ["one", "two", "three"] {
            let chunk = format!("{}\r\n{piece}\r\n", piece.len());
            client.send(&chunk).await;
            assert_eq!(client.exactly(chunk.len()).await, chunk);
        }
        client.send("0\r\n\r\n").await;
        assert_eq!(client.until("0\r\n\r\n").await, "0\r\n\r\n");
    }
    serving.stop().await;
}

#[tokio::test]
async fn a_request_that_was_sent_ahead_of_such_an_answer_is_answered_next() {
    let serving = start(echo).await;
    let mut client = serving.connect().await;
    client.send(format!("{CHUNKED}\r\n1\r\na\r\n")).await;
    client.head().await;
    client.until("a\r\n").await;
    let next = "POST /next HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nnext";
    client.send(format!("1\r\nb\r\n0\r\n\r\n{next}")).await;
    client.until("b\r\n0\r\n\r\n").await;
    client.head().await;
    client.until("next").await;
    serving.stop().await;
}

#[tokio::test]
async fn the_trailers_of_a_request_become_those_of_its_echo() {
    let serving = start(echo).await;
    let mut client = serving.connect().await;
    client
        .send(format!("{CHUNKED}te: trailers\r\n\r\n2\r\nok\r\n"))
        .await;
    client.head().await;
    client.until("ok\r\n").await;
    client.send("0\r\nx-sum: 7\r\n\r\n").await;
    assert_eq!(client.head().await, "0\r\nx-sum: 7\r\n\r\n");
    serving.stop().await;
}

#[tokio::test]
async fn a_client_that_waits_is_told_to_go_on_before_it_is_answered_with_its_own_body() {
    let serving = start(echo).await;
    let mut client = serving.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        .await;
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.head().await;
    client.send("ok").await;
    assert_eq!(client.exactly(2).await, "ok");
    serving.stop().await;
}

#[tokio::test]
async fn a_client_that_waits_and_is_refused_sends_nothing_and_the_connection_ends() {
    let serving = start(async |_: Request| bare(403)).await;
    let answer = serving
        .exchange("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(
        answer.to_lowercase().contains("connection: close\r\n"),
        "{answer}"
    );
    serving.stop().await;
}

#[tokio::test]
async fn a_body_without_a_length_is_chunked_even_where_the_connection_ends_with_it() {
    let serving = start(async |request: Request| {
        let pieces = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"begun"))]);
        let fails = request.uri().path() == "/fails";
        let end = stream::iter(fails.then(|| Err(std::io::Error::other("broken"))));
        Response::new(Body::from_stream(pieces.chain(end)))
    })
    .await;
    let request = |path| format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let answer = serving.exchange(request("/")).await;
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.ends_with("5\r\nbegun\r\n0\r\n\r\n"), "{answer}");
    let answer = serving.exchange(request("/fails")).await;
    assert!(answer.ends_with("5\r\nbegun\r\n"), "{answer}");
    serving.stop().await;
}

#[tokio::test]
async fn a_status_that_the_engine_does_not_know_is_sent_as_it_is() {
    let serving = start(async |_: Request| bare(299)).await;
    let mut client = serving.connect().await;
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 299 \r\n"), "{head}");
        assert!(head.contains("content-length: 0\r\n"), "{head}");
    }
    client
        .send("HEAD / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    client.head().await;
    assert!(client.head().await.starts_with("HTTP/1.1 299 \r\n"));
    serving.stop().await;
}

#[tokio::test]
async fn a_bodiless_answer_to_a_body_that_is_still_read_has_none() {
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let serving = start(move |request: Request| {
        let told = told.clone();
        async move {
            tokio::spawn(async move {
                let _ = told.send(request.into_body().collect(64).await.unwrap());
            });
            bare(204)
        }
    })
    .await;
    let mut client = serving.connect().await;
    for _ in 0..2 {
        client.send(format!("{CHUNKED}\r\n2\r\nok\r\n")).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
        assert!(!head.contains("content-length"), "{head}");
        client.send("4\r\n, ok\r\n0\r\n\r\n").await;
        assert_eq!(within(heard.recv()).await.unwrap(), "ok, ok");
    }
    serving.stop().await;
}

#[tokio::test]
async fn a_slow_reader_of_an_echo_slows_its_own_upload() {
    let serving = start(echo).await;
    let mut client = serving.connect().await;
    client.send(format!("{CHUNKED}\r\n")).await;
    client.head().await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000)).into_bytes();
    let mut sent = 0_usize;
    // What the two sockets hold, and no more: nobody reads.
    let full = loop {
        let written = tokio::time::timeout(
            std::time::Duration::from_millis(50),
            tokio::io::AsyncWriteExt::write(&mut client.0, &chunk[sent % chunk.len()..]),
        );
        match written.await {
            Ok(written) => sent += written.unwrap(),
            Err(_) => break sent,
        }
        assert!(sent < 64 << 20, "the server takes whatever comes");
    };
    assert!(full > 0);
    drop(client);
    until(|| serving.statistics.connections() == 0).await;
    serving.stop().await;
}

#[tokio::test]
async fn a_tunnel_is_handed_over_also_where_the_client_asks_for_the_end_of_the_connection() {
    let serving = start(async |request: Request| {
        if request.method() == Method::CONNECT
            && let Some(upgrade) = request.feature::<dyn Upgrade>()
            && let Ok(upgrading) = upgrade.accept()
        {
            tokio::spawn(async move {
                let mut tunnel = upgrading.await.unwrap();
                let mut bytes = [0; 5];
                tokio::io::AsyncReadExt::read_exact(&mut tunnel, &mut bytes)
                    .await
                    .unwrap();
                tokio::io::AsyncWriteExt::write_all(&mut tunnel, &bytes)
                    .await
                    .unwrap();
            });
        }
        Response::default()
    })
    .await;
    // As old clients ask their proxies.
    let answer = serving
        .exchange("CONNECT b:443 HTTP/1.0\r\n\r\nhello")
        .await;
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    serving.stop().await;
}
