//! axum's `WebSocketUpgrade` on tiny_http.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Said;
use transom::features::{ServerAddresses, ServerStatistics};
use transom::{ApplicationBuilder, BoundServer, Server, Shutdown};
use transom_tiny_http::TinyHttpServer;

const PATIENCE: Duration = Duration::from_secs(10);

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Text(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_echoes_and_holds_a_stop_until_it_is_closed() {
    let bound = TinyHttpServer::new("http://127.0.0.1:0")
        .with_read_timeout(Duration::from_secs(1))
        .bind()
        .await
        .unwrap();
    let addresses = bound.features().get::<ServerAddresses>().unwrap();
    let address = addresses.bound()[0].connect_addr().unwrap();
    let statistics = bound.features().get::<ServerStatistics>().unwrap().clone();
    let router = axum::Router::new().route(
        "/ws",
        get(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo) }),
    );
    let (trigger, shutdown) = Shutdown::pair();
    let app = ApplicationBuilder::new().run(router);
    let serving = tokio::spawn(bound.serve(app, shutdown));

    let connecting = tokio_tungstenite::connect_async(format!("ws://{address}/ws"));
    let (mut socket, _) = timeout(PATIENCE, connecting).await.unwrap().unwrap();
    for n in 0..20 {
        let text = format!("message {n}");
        socket.send(Said::text(text.clone())).await.unwrap();
        let back = timeout(PATIENCE, socket.next()).await.unwrap();
        assert_eq!(back.unwrap().unwrap(), Said::text(text));
    }
    assert_eq!(statistics.upgraded(), 1);

    trigger.request();
    socket.send(Said::text("still there")).await.unwrap();
    let back = timeout(PATIENCE, socket.next()).await.unwrap();
    assert_eq!(back.unwrap().unwrap(), Said::text("still there"));
    assert!(!serving.is_finished());
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = timeout(PATIENCE, socket.next()).await.unwrap() {}
    timeout(PATIENCE, serving).await.unwrap().unwrap().unwrap();
}
