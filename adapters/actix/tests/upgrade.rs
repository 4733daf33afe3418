//! Connections that become the application's.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use axum::extract::ws::{Message as AxumMessage, WebSocketUpgrade};
use axum::routing::any;
use futures_util::{AsyncReadExt as _, AsyncWriteExt as _, SinkExt as _, StreamExt as _};
use http::{HeaderValue, StatusCode, header};
use support::start;
use tokio_tungstenite::tungstenite::Message;
use transom::features::{RequestExt, Upgrade};
use transom::{ApplicationBuilder, Body, Request, Response};
use transom_conformance::by_hand::{content, until, within};

/// Echoes what comes until the client is done; `/refuse` does not.
async fn raw_echo(request: Request) -> Response {
    let Some(upgrade) = request.feature::<dyn Upgrade>() else {
        return status(StatusCode::UPGRADE_REQUIRED);
    };
    if request.uri().path() == "/refuse" {
        return status(StatusCode::FORBIDDEN);
    }
    if request.uri().path() == "/change-of-mind" {
        let upgrading = upgrade.accept().unwrap();
        tokio::spawn(async move { assert!(upgrading.await.unwrap_err().is_cancelled()) });
        return status(StatusCode::FORBIDDEN);
    }
    let upgrading = upgrade.accept().unwrap();
    tokio::spawn(async move {
        let (reader, mut writer) = upgrading.await.unwrap().split();
        let _ = futures_util::io::copy(reader, &mut writer).await;
        let _ = writer.write_all(b" bye").await;
        let _ = writer.close().await;
    });
    let mut response = status(StatusCode::SWITCHING_PROTOCOLS);
    let token = request.headers()[header::UPGRADE].clone();
    response.headers_mut().insert(header::UPGRADE, token);
    let upgrade = HeaderValue::from_static("upgrade");
    response.headers_mut().insert(header::CONNECTION, upgrade);
    response
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn request(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: {token}\r\n\r\n")
}

#[tokio::test]
async fn any_protocol_is_switched_to_and_each_side_closes_for_itself() {
    let serving = start(raw_echo).await;
    for token in ["websocket", "echo"] {
        let mut client = serving.connect().await;
        client.send(request("/", token)).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        assert!(head.contains(&format!("upgrade: {token}\r\n")), "{head}");
        assert_eq!(head.matches("connection:").count(), 1, "{head}");
        assert!(!head.contains("content-length"), "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
        until(|| serving.statistics.upgraded() == 1 && serving.statistics.connections() == 0).await;
        client.send("to and fro").await;
        assert_eq!(client.exactly(10).await, "to and fro");
        client.finish().await;
        assert_eq!(client.rest().await, " bye");
        until(|| serving.statistics.upgraded() == 0).await;
    }
    serving.stop().await;
}

#[tokio::test]
async fn bytes_right_behind_the_request_are_read_first_or_no_upgrade_is_offered() {
    let serving = start(raw_echo).await;
    let early = "early ".repeat(20_000);
    let mut client = serving.connect().await;
    client.send(request("/", "websocket") + &early[..60]).await;
    let (mut reader, mut writer) = client.0.into_split();
    let rest = early.clone();
    let sending = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        writer.write_all(&rest.as_bytes()[60..]).await.unwrap();
        writer
    });
    let mut back = Vec::new();
    within(async {
        use tokio::io::AsyncReadExt as _;
        while !back.ends_with(early.as_bytes()) {
            assert_ne!(reader.read_buf(&mut back).await.unwrap(), 0);
        }
    })
    .await;
    drop((reader, within(sending).await.unwrap()));

    // The engine has read them already, and takes them for a request.
    let mut client = serving.connect().await;
    client.send(request("/", "echo") + "early").await;
    assert!(client.head().await.starts_with("HTTP/1.1 426"));
    drop(client);
    // They look like the end of a head: too late to refuse, never too late to hang up.
    let mut client = serving.connect().await;
    client.send(request("/", "echo") + "early\r\n\r\n").await;
    assert_eq!(client.rest().await, "");
    let mut client = serving.connect().await;
    client
        .send(request("/", "echo") + "GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    assert_eq!(client.rest().await, "");
    until(|| serving.statistics.is_idle()).await;
    serving.stop().await;
}

#[tokio::test]
async fn a_declined_upgrade_is_an_ordinary_response() {
    let serving = start(raw_echo).await;
    for path in ["/refuse", "/change-of-mind"] {
        for token in ["websocket", "echo"] {
            let response = serving.exchange(&request(path, token)).await;
            assert!(response.starts_with("HTTP/1.1 403"), "{response}");
            assert!(response.contains("connection: close\r\n"), "{response}");
            assert!(response.contains("content-length: 0\r\n"), "{response}");
        }
    }
    let old = "GET / HTTP/1.0\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    assert!(serving.exchange(old).await.starts_with("HTTP/1.0 426"));
    let alone = "GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\n\r\n";
    assert!(serving.exchange(alone).await.starts_with("HTTP/1.1 426"));
    serving.stop().await;
}

#[tokio::test]
async fn the_body_of_a_request_that_names_websocket_ends_where_it_should() {
    let serving = start(async |request: Request| {
        assert!(request.feature::<dyn Upgrade>().is_none());
        match request.into_body().collect(64).await {
            Ok(body) => Response::new(Body::from(body)),
            Err(error) => Response::new(Body::from(error.to_string())),
        }
    })
    .await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n";
    let response = serving
        .exchange(&format!("{head}content-length: 5\r\n\r\nhello, and more"))
        .await;
    assert_eq!(content(&response), "hello");
    let response = serving
        .exchange(&format!(
            "{head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        ))
        .await;
    assert_eq!(content(&response), "hello");
    let mut client = serving.connect().await;
    client
        .send(format!("{head}content-length: 5\r\n\r\nhel"))
        .await;
    client.finish().await;
    assert_eq!(
        content(&client.rest().await),
        "the peer went away before the body was complete"
    );
    serving.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_while_the_application_decides_is_noticed() {
    let serving = start(async |request: Request| {
        assert!(request.feature::<dyn Upgrade>().is_some());
        let lifetime = request.feature::<transom::features::RequestLifetime>();
        lifetime.unwrap().clone().disconnected().await;
        status(StatusCode::GONE)
    })
    .await;
    let mut client = serving.connect().await;
    client.send(request("/", "websocket")).await;
    until(|| serving.statistics.requests() == 1).await;
    client.finish().await;
    assert!(client.rest().await.starts_with("HTTP/1.1 410"));
    serving.stop().await;
}

#[tokio::test]
async fn a_stop_waits_for_an_upgraded_connection_and_a_drop_does_not() {
    let serving = start(raw_echo).await;
    let mut client = serving.connect().await;
    client.send(request("/", "websocket")).await;
    client.head().await;
    serving.trigger.request();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    client.send("still here").await;
    assert_eq!(client.exactly(10).await, "still here");
    assert!(!serving.serve.is_finished());
    client.finish().await;
    assert_eq!(client.rest().await, " bye");
    within(serving.serve).await.unwrap().unwrap();

    let serving = start(raw_echo).await;
    let mut client = serving.connect().await;
    client.send(request("/", "websocket")).await;
    client.head().await;
    until(|| serving.statistics.upgraded() == 1).await;
    serving.serve.abort();
    let _ = within(serving.serve).await;
    assert_eq!(client.rest().await, "");
    until(|| serving.statistics.upgraded() == 0).await;
}

#[tokio::test]
async fn a_web_socket_of_axum_works() {
    let router = axum::Router::new().route(
        "/ws",
        any(async |upgrade: WebSocketUpgrade| {
            upgrade.on_upgrade(async |mut socket| {
                while let Some(Ok(message)) = socket.recv().await {
                    if matches!(message, AxumMessage::Text(_) | AxumMessage::Binary(_)) {
                        let _ = socket.send(message).await;
                    }
                }
            })
        }),
    );
    let serving = start(ApplicationBuilder::new().run(router)).await;
    let stream = serving.connect().await.0;
    let url = format!("ws://{}/ws", serving.address);
    let (mut socket, response) = within(tokio_tungstenite::client_async(url, stream))
        .await
        .unwrap();
    assert_eq!(response.status(), 101);
    for message in [Message::text("hello"), Message::binary(vec![7; 1 << 20])] {
        within(socket.send(message.clone())).await.unwrap();
        assert_eq!(within(socket.next()).await.unwrap().unwrap(), message);
    }
    within(socket.close(None)).await.unwrap();
    while within(socket.next()).await.is_some() {}
    drop(socket);
    until(|| serving.statistics.upgraded() == 0).await;
    serving.stop().await;
}
