//! Lesson 11: a WebSocket, by axum, on a server that is not hyper.
//!
//! `cargo run --example 11_websocket`: axum asks for hyper's own upgrade; Transom has it on every server that can
//! hand its connection over. The example is its own client, and ends.

use std::process::ExitCode;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::{Router, routing::any};
use futures_util::{SinkExt, StreamExt};
use transom::{Error, Host, HyperServer, RunningHost};
use transom_actix::ActixServer;
use transom_tiny_http::TinyHttpServer;

#[tokio::main]
async fn main() -> ExitCode {
    transom::hosting::exit(talk().await)
}

async fn talk() -> Result<(), Error> {
    let any_port = "http://127.0.0.1:0";
    let host = Host::builder(HyperServer::new(any_port))
        .with_server(ActixServer::new(any_port))
        .with_server(TinyHttpServer::new(any_port))
        .configure(|app| app.run(Router::new().route("/echo", any(upgrade))))
        .start()
        .await?;
    converse(&host)
        .await
        .map_err(|error| Error::serve("of the echo", error))?;
    host.stop().await
}

async fn upgrade(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(echo)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Close(_)) || socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn converse(host: &RunningHost) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    use tokio_tungstenite::tungstenite::Message;

    for address in host.addresses() {
        let url = address.to_string().replace("http://", "ws://") + "/echo";
        let (mut socket, _) = tokio_tungstenite::connect_async(&url).await?;
        socket.send(Message::text("is anybody there?")).await?;
        let answer = socket.next().await.ok_or("the server hung up")??;
        println!("{url} says {:?}", answer.to_text()?);
        assert_eq!(answer.to_text()?, "is anybody there?");
        socket.close(None).await?;
    }
    Ok(())
}
