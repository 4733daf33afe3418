//! Connections that left HTTP have a limit and a place of their own, and no time.

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use transom::features::{RequestExt, Upgrade};
use transom::hyper::{Limits, MinDataRate};
use transom::pipeline::ApplicationBuilder;
use transom::{Request, Response};

use super::server::{SHORT, long, start};
use crate::support::{Client, Running, eventually, says, within};

const ASK: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";

/// Echoes until the client ends, or answers 503.
async fn echo(request: Request) -> Response {
    let Some(upgrade) = request.feature::<dyn Upgrade>() else {
        return Response::default();
    };
    let mut response = Response::default();
    match upgrade.accept() {
        Ok(upgrading) => {
            tokio::spawn(async move {
                let (mut reader, mut writer) = tokio::io::split(upgrading.await.unwrap());
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
            });
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let headers = response.headers_mut();
            headers.insert("upgrade", "echo".parse().unwrap());
        }
        Err(error) => {
            assert!(error.is_too_many(), "{error}");
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    response
}

/// Asks on a new connection, and returns it with the first line of the answer.
async fn ask(server: &Running, request: &str) -> (Client, String) {
    let mut client = server.connect().await;
    client.send(request).await;
    let head = client.until("\r\n\r\n").await;
    let line = head.lines().next().unwrap_or_default().to_owned();
    (client, line)
}

#[tokio::test]
async fn one_too_many_is_refused_and_its_connection_goes_on() {
    let limits = long().with_max_upgraded_connections(Some(1));
    let server = start(limits, echo).await;
    let (first, line) = ask(&server, ASK).await;
    assert_eq!(line, "HTTP/1.1 101 Switching Protocols");
    let (mut second, line) = ask(&server, ASK).await;
    assert_eq!(line, "HTTP/1.1 503 Service Unavailable");
    drop(first);
    let statistics = server.statistics.clone();
    eventually("the first is gone", || statistics.upgraded() == 0).await;
    second.send(ASK).await;
    let head = second.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    drop(second);
    server.stop().await;
}

#[tokio::test]
async fn a_101_without_a_place_is_a_503() {
    async fn web_socket(upgrade: WebSocketUpgrade) -> axum::response::Response {
        upgrade.on_upgrade(|mut socket: WebSocket| async move {
            while let Some(Ok(message)) = socket.recv().await {
                let _ = socket.send(message).await;
            }
        })
    }
    let limits = long().with_max_upgraded_connections(Some(1));
    let router = axum::Router::new().route("/", axum::routing::get(web_socket));
    let server = start(limits, ApplicationBuilder::new().run(router)).await;
    let request = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let (first, line) = ask(&server, request).await;
    assert_eq!(line, "HTTP/1.1 101 Switching Protocols");
    // axum takes hyper's own upgrade, which nobody can refuse.
    let mut second = server.connect().await;
    second.send(request).await;
    let head = second.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert!(
        !head.contains("upgrade") && !head.contains("websocket"),
        "{head}"
    );
    assert_eq!(server.statistics.upgraded(), 1);
    drop((first, second));
    server.stop().await;
}

#[tokio::test]
async fn an_upgrade_that_did_not_come_to_pass_gives_its_place_back() {
    let limits = long().with_max_upgraded_connections(Some(1));
    let server = start(limits, async |request: Request| {
        let upgrade = request.feature::<dyn Upgrade>().unwrap();
        let accepted = upgrade.accept();
        assert!(accepted.is_ok(), "{accepted:?}");
        Response::default()
    })
    .await;
    for _ in 0..3 {
        let (_client, line) = ask(&server, ASK).await;
        assert_eq!(line, "HTTP/1.1 200 OK");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_upgraded_connection_makes_room_for_another() {
    let limits = long().with_max_connections(Some(1));
    let server = start(limits, echo).await;
    let (_first, line) = ask(&server, ASK).await;
    assert_eq!(line, "HTTP/1.1 101 Switching Protocols");
    let statistics = server.statistics.clone();
    eventually("it is counted as what it is", || {
        statistics.connections() == 0
    })
    .await;
    let mut next = server.connect().await;
    next.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    next.until("\r\n\r\n").await;
    drop((_first, next));
    server.stop().await;
}

#[tokio::test]
async fn no_timer_fires_on_an_upgraded_connection() {
    let rate = Some(MinDataRate::new(1_000_000, SHORT / 10));
    let limits = Limits::default()
        .with_request_head_timeout(Some(SHORT))
        .with_keep_alive_timeout(Some(SHORT))
        .with_max_connection_age(Some(SHORT))
        .with_min_request_body_rate(rate)
        .with_min_response_rate(rate);
    let server = start(limits, echo).await;
    let (mut client, line) = ask(&server, ASK).await;
    assert_eq!(line, "HTTP/1.1 101 Switching Protocols");
    tokio::time::sleep(3 * SHORT).await;
    // More than fits between the two, and not read for a while.
    let (mut reader, mut writer) = client.0.split();
    let sent = vec![b'x'; 8 * 1024 * 1024];
    let send = async {
        writer.write_all(&sent).await.unwrap();
        writer.shutdown().await.unwrap();
    };
    let read = async {
        tokio::time::sleep(3 * SHORT).await;
        let mut read = Vec::new();
        reader.read_to_end(&mut read).await.unwrap();
        read.len()
    };
    let ((), read) = within(async { tokio::join!(send, read) }).await;
    assert_eq!(read, sent.len());
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_is_not_upgraded_needs_no_place() {
    let limits = long().with_max_upgraded_connections(Some(0));
    let server = start(limits, says("hello")).await;
    let (mut client, line) = ask(&server, ASK).await;
    assert_eq!(line, "HTTP/1.1 200 OK");
    client.until("hello").await;
    server.stop().await;
}
