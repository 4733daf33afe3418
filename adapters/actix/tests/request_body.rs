//! The bodies of requests, which the engine reads on a thread that the application does not own.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use support::start;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use transom::features::{ServerLimit, ServerLimits};
use transom::{Body, BoundServer, Request, Response, Server};
use transom_actix::ActixServer;
use transom_conformance::by_hand::{Serving, content, until, within};

async fn echo(request: Request) -> Response {
    Response::new(request.into_body())
}

async fn whole(request: Request) -> Response {
    match request.into_body().collect(1 << 26).await {
        Ok(bytes) => Response::new(Body::from(format!("{} bytes", bytes.len()))),
        Err(error) => Response::new(Body::from(format!("{error}"))),
    }
}

#[tokio::test]
async fn the_client_is_told_to_continue_only_when_the_application_reads() {
    let serving = start(async |request: Request| {
        if request.method() == Method::PUT {
            tokio::time::sleep(Duration::from_millis(20)).await;
            return whole(request).await;
        }
        let mut response = Response::new(Body::from("no"));
        *response.status_mut() = StatusCode::FORBIDDEN;
        response
    })
    .await;
    let fields = "host: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    let mut client = serving.connect().await;
    for _ in 0..2 {
        client.send(format!("PUT / HTTP/1.1\r\n{fields}")).await;
        assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
        client.send("hello").await;
        assert!(client.head().await.starts_with("HTTP/1.1 200"));
        assert_eq!(client.exactly(7).await, "5 bytes");
    }
    let refused = serving
        .exchange(&format!("POST / HTTP/1.1\r\n{fields}"))
        .await;
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    assert!(refused.contains("connection: close"), "{refused}");
    serving.stop().await;
}

#[tokio::test]
async fn a_body_is_echoed_while_it_is_sent() {
    let serving = start(echo).await;
    let mut client = serving.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    assert!(client.head().await.contains("connection: close\r\n"));
    for word in ["one", "two", "six"] {
        client.send(format!("3\r\n{word}\r\n")).await;
        assert_eq!(client.exactly(8).await, format!("3\r\n{word}\r\n"));
    }
    client.send("0\r\n\r\n").await;
    assert_eq!(client.exactly(5).await, "0\r\n\r\n");
    assert_eq!(
        client.rest().await,
        "",
        "the engine closes after a head that came early"
    );
    serving.stop().await;
}

#[tokio::test]
async fn a_body_that_nobody_reads_does_not_cost_the_connection_if_it_is_there() {
    let serving = start(async |_: Request| Response::new(Body::from("ok"))).await;
    let mut client = serving.connect().await;
    for _ in 0..3 {
        client
            .send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello")
            .await;
        assert!(!client.head().await.contains("close"));
        assert_eq!(client.exactly(2).await, "ok");
    }
    serving.stop().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_and_may_still_be_answered() {
    let serving = start(whole).await;
    let mut client = serving.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 50\r\n\r\nhello")
        .await;
    client.finish().await;
    let response = client.rest().await;
    assert_eq!(
        content(&response),
        "the peer went away before the body was complete"
    );
    serving.stop().await;
}

#[tokio::test]
async fn a_whole_body_is_not_taken_for_broken_off_because_the_client_closed_behind_it() {
    // More than the engine passes on at once, and a reader that comes late: the engine has read the end
    // of the stream before the application has read the body.
    let serving = start(async |request: Request| {
        tokio::time::sleep(Duration::from_millis(50)).await;
        whole(request).await
    })
    .await;
    for length in [10_000, 100_000, 150_000, 1_000_000] {
        let mut client = serving.connect().await;
        client
            .send(format!(
                "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n"
            ))
            .await;
        client.send(vec![b'x'; length]).await;
        client.finish().await;
        let response = client.rest().await;
        assert_eq!(content(&response), format!("{length} bytes"));
    }
    serving.stop().await;
}

#[tokio::test]
async fn a_slow_reader_slows_the_sender_down_both_ways() {
    let read = Arc::new(AtomicBool::new(false));
    let may_read = Arc::clone(&read);
    let serving = Serving::start_on(
        transom_actix::ActixServer::new("http://127.0.0.1:0").with_max_request_body_size(None),
        move |request: Request| {
            let may_read = Arc::clone(&may_read);
            async move {
                while !may_read.load(Ordering::Acquire) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                echo(request).await
            }
        },
    )
    .await;
    let client = serving.connect().await;
    let (mut reader, mut writer) = client.0.into_split();
    let length = 32 << 20;
    let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
    within(writer.write_all(head.as_bytes())).await.unwrap();
    // Nobody reads: what the system's buffers and the engine's hold is all that can be sent.
    let chunk = vec![7; 64 << 10];
    let mut sent = 0;
    loop {
        let write = writer.write(&chunk);
        match tokio::time::timeout(Duration::from_millis(50), write).await {
            Ok(written) => sent += written.unwrap(),
            Err(_) => break,
        }
        assert!(sent < length, "all of it was taken in unread");
    }
    read.store(true, Ordering::Release);
    let sending = tokio::spawn(async move {
        while sent < length {
            let part = chunk.len().min(length - sent);
            sent += writer.write(&chunk[..part]).await.unwrap();
        }
        writer
    });
    let mut back = 0;
    let mut buffer = vec![0; 64 << 10];
    let mut head = 0;
    while back < length + head {
        let read = within(reader.read(&mut buffer)).await.unwrap();
        assert_ne!(read, 0, "the echo broke off after {back}");
        if head == 0 {
            let end = buffer.windows(4).position(|end| end == b"\r\n\r\n");
            head = end.unwrap() + 4;
            assert!(String::from_utf8_lossy(&buffer[..head]).contains("content-length: 33554432"));
        }
        back += read;
    }
    assert_eq!(back, length + head);
    drop(within(sending).await.unwrap());
    serving.stop().await;
}

#[tokio::test]
async fn a_thousand_requests_on_one_connection_and_64_connections_at_once() {
    let serving = start(echo).await;
    let mut client = serving.connect().await;
    for n in 0..1000 {
        let body = n.to_string();
        let length = body.len();
        client
            .send(format!(
                "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{body}"
            ))
            .await;
        client.head().await;
        assert_eq!(client.exactly(length).await, body);
    }
    let mut clients = Vec::new();
    for _ in 0..64 {
        let mut client = serving.connect().await;
        client
            .send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n")
            .await;
        clients.push(client);
    }
    until(|| serving.statistics.requests() == 64).await;
    assert_eq!(serving.statistics.connections(), 65);
    for client in &mut clients {
        client.send("ok").await;
        client.head().await;
        assert_eq!(client.exactly(2).await, "ok");
    }
    drop((client, clients));
    serving.stop().await;
}

#[tokio::test]
async fn what_it_holds_clients_to_is_listed_as_it_was_set() {
    let server = ActixServer::new("http://127.0.0.1:0")
        .with_max_request_body_size(None)
        .with_request_head_timeout(Duration::ZERO)
        .with_keep_alive_timeout(Duration::from_secs(9));
    let bound = server.bind().await.unwrap();
    let limits = bound.features().require::<ServerLimits>().unwrap().all();
    let expected = [
        ServerLimit::bytes("max_request_body_size", None),
        ServerLimit::time("request_head_timeout", None),
        ServerLimit::time("keep_alive_timeout", Duration::from_secs(9)),
    ];
    assert_eq!(limits, expected);
}
