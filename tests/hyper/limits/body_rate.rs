//! How fast the body of a request has to arrive.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use http::StatusCode;
use tokio::sync::Notify;
use transom::hyper::{Limits, MinDataRate};
use transom::pipeline::ApplicationBuilder;
use transom::{App, Body, Request, Response};

use super::server::{SHORT, long, start, takes};
use crate::support::{Client, eventually, within};

/// 1,000 bytes a second after [`SHORT`].
fn limits() -> Limits {
    long().with_min_request_body_rate(Some(MinDataRate::new(1_000, SHORT)))
}

/// Answers how long the body was; a body that cannot be read is answered as the pipeline does.
fn counts() -> App {
    ApplicationBuilder::new().run_fn(async |request: Request| {
        let body = request.into_body().collect(1_000_000).await?;
        Ok::<_, transom::body::Error>(format!("{} bytes", body.len()))
    })
}

const POST: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n";

#[tokio::test]
async fn a_body_that_stops_is_answered_408_and_the_connection_ends() {
    let server = start(limits(), counts()).await;
    let mut client = server.connect().await;
    client.send(POST).await;
    let answer = takes(SHORT, client.rest()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn one_byte_now_and_then_is_too_slow() {
    let server = start(limits(), counts()).await;
    let mut client = server.connect().await;
    client.send(POST).await;
    let slowly = async {
        let mut sent = 0;
        while tokio::time::timeout(Duration::from_millis(10), client.0.readable())
            .await
            .is_err()
        {
            client.send("x").await;
            sent += 1;
        }
        assert!(sent > 2, "only {sent} bytes were sent");
        client.rest().await
    };
    let answer = takes(SHORT, slowly).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_is_just_fast_enough_is_read() {
    let server = start(limits(), counts()).await;
    let mut client = server.connect().await;
    client.send(POST).await;
    // 50 bytes a 40 ms are 1,250 a second, and take far longer than the grace. What is late is made up for.
    let mut beat = tokio::time::interval(Duration::from_millis(40));
    for _ in 0..20 {
        beat.tick().await;
        client.send("x".repeat(50)).await;
    }
    client.until("1000 bytes").await;
    server.stop().await;
}

#[tokio::test]
async fn time_counts_only_while_the_application_asks_for_the_body() {
    let asks = Arc::new(Notify::new());
    let told = Arc::clone(&asks);
    let server = start(limits(), move |request: Request| {
        let asks = Arc::clone(&told);
        async move {
            tokio::time::sleep(2 * SHORT).await;
            let mut body = request.into_body().into_stream();
            assert_eq!(body.next().await.unwrap().unwrap(), "x".repeat(10));
            tokio::time::sleep(2 * SHORT).await;
            asks.notify_one();
            let rest = body.next().await.unwrap().unwrap();
            Response::new(Body::from(format!("{} more", rest.len())))
        }
    })
    .await;
    let mut client = server.connect().await;
    client.send(POST).await;
    client.send("x".repeat(10)).await;
    within(asks.notified()).await;
    client.send("x".repeat(990)).await;
    client.until(" more").await;
    server.stop().await;
}

#[tokio::test]
async fn the_time_before_a_client_is_told_to_go_on_does_not_count() {
    let server = start(limits(), async |request: Request| {
        tokio::time::sleep(2 * SHORT).await;
        counts_of(request).await
    })
    .await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 1000\r\n\r\n")
        .await;
    let go_on = client.until("\r\n\r\n").await;
    assert!(go_on.starts_with("HTTP/1.1 100 "), "{go_on}");
    client.send("x".repeat(1000)).await;
    client.until("1000 bytes").await;
    server.stop().await;
}

async fn counts_of(request: Request) -> Response {
    let body = request.into_body().collect(1_000_000).await.unwrap();
    Response::new(Body::from(format!("{} bytes", body.len())))
}

#[tokio::test]
async fn after_the_head_of_the_response_the_connection_is_cut() {
    let server = start(limits(), async |request: Request| {
        // An echo, in a task of its own as far as the connection knows.
        let (sender, receiver) = futures_channel::mpsc::unbounded();
        tokio::spawn(async move {
            let mut body = request.into_body().into_stream();
            while let Some(Ok(piece)) = body.next().await {
                sender
                    .unbounded_send(Ok::<_, std::io::Error>(piece))
                    .unwrap();
            }
            // An application that does not tell: the response must not look complete all the same.
            std::future::pending::<()>().await;
        });
        Response::new(Body::from_stream(receiver))
    })
    .await;
    let mut client = server.connect().await;
    client.send(POST).await;
    client.send("x".repeat(10)).await;
    client.until("\r\nxxxxxxxxxx\r\n").await;
    let cut = takes(SHORT, cut(&mut client)).await;
    assert_eq!(cut, std::io::ErrorKind::ConnectionReset);
    server.stop().await;
}

/// Waits until the connection is reset.
async fn cut(client: &mut Client) -> std::io::ErrorKind {
    let mut rest = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut client.0, &mut rest);
    let end = within(read).await.map_err(|error| error.kind());
    assert_eq!(rest, b"");
    end.unwrap_err()
}

#[tokio::test]
async fn an_application_that_goes_on_without_the_body_is_not_cut() {
    let server = start(limits(), async |request: Request| {
        let error = request.into_body().collect(1_000_000).await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        tokio::time::sleep(SHORT).await;
        let mut response = Response::new(Body::from("without it"));
        *response.status_mut() = StatusCode::ACCEPTED;
        response
    })
    .await;
    let answer = takes(2 * SHORT, server.exchange(POST)).await;
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.ends_with("without it"), "{answer}");
    let statistics = server.statistics.clone();
    eventually("the connection ends", || statistics.connections() == 0).await;
    server.stop().await;
}
