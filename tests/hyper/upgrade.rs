//! Connections that leave HTTP.

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, StatusCode, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use tower::ServiceExt;
use transom::features::{RequestExt, ServerLifetime, Upgrade};
use transom::{Application, Body, Request, Response};

use crate::support::{eventually, start, within};

const ASK: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";

fn switching() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("echo"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    response
}

/// Echoes until the client or the server ends.
async fn echo(request: Request) -> Response {
    let Some(upgrade) = request.feature::<dyn Upgrade>() else {
        return Response::new(Body::from("no offer"));
    };
    let upgrading = upgrade.accept().unwrap();
    assert!(upgrade.accept().is_err());
    let stopping = request.feature::<ServerLifetime>().unwrap().clone();
    tokio::spawn(async move {
        let mut connection = upgrading.await.unwrap();
        let mut buffer = [0; 64];
        loop {
            tokio::select! {
                read = connection.read(&mut buffer) => match read {
                    Ok(1..) => {}
                    _ => break,
                },
                () = stopping.stopping() => {
                    connection.write_all(b"bye").await.unwrap();
                    break;
                }
            }
            let end = buffer.iter().position(|byte| *byte == 0).unwrap_or(64);
            connection.write_all(&buffer[..end]).await.unwrap();
            buffer = [0; 64];
        }
    });
    switching()
}

#[tokio::test]
async fn an_upgraded_connection_loses_no_bytes_and_is_waited_for() {
    let server = start(echo).await;
    let mut client = server.connect().await;
    client.send(format!("{ASK}read ahead")).await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client.until("read ahead").await;
    client.send("more").await;
    client.until("more").await;
    assert_eq!(server.statistics.upgraded(), 1);
    assert_eq!(server.statistics.connections(), 0);
    assert_eq!(server.statistics.requests(), 0);
    server.trigger.request();
    assert_eq!(client.rest().await, "bye");
    within(server.serving).await.unwrap().unwrap();
    assert_eq!(server.statistics.upgraded(), 0);
}

#[tokio::test]
async fn a_drop_closes_an_upgraded_connection_that_the_application_holds() {
    let (held, holds) = std::sync::mpsc::channel();
    let server = start(move |request: Request| {
        let upgrading = request.feature::<dyn Upgrade>().unwrap().accept().unwrap();
        let held = held.clone();
        async move {
            tokio::spawn(async move {
                let connection = upgrading.await.unwrap();
                held.send(connection).unwrap(); // and never looks at it
            });
            switching()
        }
    })
    .await;
    let mut client = server.connect().await;
    client.send(ASK).await;
    client.until("\r\n\r\n").await;
    let mut connection = within(tokio::task::spawn_blocking(move || holds.recv().unwrap()))
        .await
        .unwrap();
    let mut reading = tokio::spawn(async move {
        let mut byte = [0];
        let read = connection.read(&mut byte).await;
        (read.is_ok_and(|read| read > 0), connection)
    });
    server.serving.abort();
    assert_eq!(client.rest().await, "");
    let (read, mut connection) = within(&mut reading).await.unwrap();
    assert!(!read);
    assert!(connection.write_all(b"x").await.is_err());
    assert_eq!(server.statistics.upgraded(), 1);
    drop(connection);
    eventually("it is gone", || server.statistics.upgraded() == 0).await;
}

#[tokio::test]
async fn another_status_cancels_the_upgrade_and_keeps_the_connection() {
    let (outcomes, outcome) = std::sync::mpsc::channel();
    let server = start(move |request: Request| {
        let outcomes = outcomes.clone();
        async move {
            if let Some(upgrade) = request.feature::<dyn Upgrade>() {
                let upgrading = upgrade.accept().unwrap();
                tokio::spawn(async move {
                    outcomes.send(upgrading.await.map(drop)).unwrap();
                });
            }
            Response::new(Body::from("declined"))
        }
    })
    .await;
    let mut client = server.connect().await;
    client.send(ASK).await;
    client.until("declined").await;
    let outcome = within(tokio::task::spawn_blocking(move || outcome.recv().unwrap()))
        .await
        .unwrap();
    assert!(outcome.unwrap_err().is_cancelled());
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.until("declined").await;
    assert_eq!(server.statistics.upgraded(), 0);
    // hyper remembers the offer of the first request until the connection ends.
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert!(client.rest().await.ends_with("declined"));
    server.stop().await;
}

#[tokio::test]
async fn an_upgrade_that_the_client_did_not_connect_is_not_offered() {
    let server = start(echo).await;
    let mut client = server.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\nupgrade: echo\r\n\r\n")
        .await;
    client.until("no offer").await;
    server.stop().await;
}

#[tokio::test]
async fn a_101_that_nobody_asked_for_is_a_500() {
    let server = start(|_: Request| async { switching() }).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let head = client.until("\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
        assert!(!head.contains("upgrade"), "{head}");
    }
    server.stop().await;
}

fn axum_echo() -> impl Application {
    async fn socket(mut socket: WebSocket) {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
    }
    let router = axum::Router::new().route(
        "/",
        axum::routing::get(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(socket) }),
    );
    move |request: Request| {
        let router = router.clone();
        async move {
            let response = router.oneshot(request.map(axum::body::Body::new)).await;
            response.unwrap().map(Body::new)
        }
    }
}

#[tokio::test]
async fn axum_takes_the_connection_natively_and_it_is_counted() {
    let server = start(axum_echo()).await;
    let url = format!("ws://{}/", server.address);
    let (mut socket, _) = within(tokio_tungstenite::connect_async(url)).await.unwrap();
    for text in ["one", "two"] {
        socket.send(Message::text(text)).await.unwrap();
        let back = within(socket.next()).await.unwrap().unwrap();
        assert_eq!(back.into_text().unwrap().as_str(), text);
    }
    assert_eq!(server.statistics.upgraded(), 1);
    server.trigger.request();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(!server.serving.is_finished(), "it is waited for");
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = within(socket.next()).await {}
    within(server.serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_drop_closes_a_connection_that_axum_took() {
    let server = start(axum_echo()).await;
    let url = format!("ws://{}/", server.address);
    let (mut socket, _) = within(tokio_tungstenite::connect_async(url)).await.unwrap();
    server.serving.abort();
    let end = within(socket.next()).await;
    assert!(matches!(end, None | Some(Err(_))), "{end:?}");
    eventually("it is gone", || server.statistics.upgraded() == 0).await;
}
