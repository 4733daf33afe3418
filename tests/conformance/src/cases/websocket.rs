//! S-UPG-AXUM: WebSocket as axum has it, on any server.

use axum::Router;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::any;
use futures_util::{SinkExt, StreamExt};
use http::header;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use transom::features::{ServerStatistics, Upgraded};
use transom::{App, ApplicationBuilder, Body};

use super::held::{A_WHILE, some_protocol};
use super::upgrade::asking;
use crate::{Capability, Case, Failure, Notes, Outcome, Protocol, Run, ensure, same, within};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-UPG-AXUM",
            "axum's `WebSocketUpgrade` upgrades the connection, and its messages flow both ways.",
            converse,
        )
        .on(&[Protocol::Memory, Protocol::Http1])
        .with_app(app)
        .needs(&[Capability::UpgradeWebsocket]),
        Case::lifecycle(
            "S-UPG-AXUM-DRAIN",
            "A WebSocket of axum's is counted, goes on while the server stops, and is waited for.",
            drain,
        )
        .needs(&[Capability::UpgradeWebsocket, Capability::Drain]),
        Case::new(
            "S-UPG-AXUM-REFUSE",
            "axum's `WebSocketUpgrade` refuses a request that asks for no upgrade, and any request to a \
             server that has none.",
            refused,
        )
        .with_app(app),
    ]
}

fn app(_: Notes) -> App {
    let router = Router::new().fallback(any(async |upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(echo)
    }));
    ApplicationBuilder::new().run(router)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        // A close is answered by the socket itself, when it is read once more.
        let close = matches!(message, axum::extract::ws::Message::Close(_));
        if !close && socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn converse(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let reply = connection
        .send(asking(&run, "websocket").body(Body::empty())?)
        .await?;
    same("the status", reply.status(), 101)?;
    // RFC 6455, section 1.3: the answer to the example's key.
    let accept = reply.headers().get(header::SEC_WEBSOCKET_ACCEPT);
    same(
        "Sec-WebSocket-Accept",
        accept.map(http::HeaderValue::as_bytes),
        Some(&b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="[..]),
    )?;
    let connection = reply.into_upgraded()?;
    let mut socket = WebSocketStream::from_raw_socket(connection, Role::Client, None).await;
    for message in [
        Message::text("is anybody there?"),
        Message::binary(vec![0; 100_000]),
    ] {
        echoes(&mut socket, message).await?;
    }
    within("closing", socket.close(None)).await??;
    let answer = within("the answer to the close", socket.next()).await?;
    match answer {
        Some(Ok(Message::Close(_))) => Ok(()),
        other => Err(Failure::new(format!(
            "the close was answered with {other:?}"
        ))),
    }
}

async fn drain(run: Run) -> Outcome {
    let server = run.start(app(run.notes().clone())).await?;
    let statistics = server.features().require::<ServerStatistics>()?.clone();
    let mut connection = server
        .connect(some_protocol(&run, server.features())?)
        .await?;
    let reply = connection
        .send(asking(&run, "websocket").body(Body::empty())?)
        .await?;
    let upgraded = reply.into_upgraded()?;
    let mut socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await;
    echoes(&mut socket, Message::text("before")).await?;
    same("the upgraded connections", statistics.upgraded(), 1)?;
    server.request_stop();
    let mut ended = std::pin::pin!(server.ended());
    let early = tokio::time::timeout(A_WHILE, &mut ended).await;
    ensure(early.is_err(), "the server ended before its WebSocket")?;
    echoes(&mut socket, Message::text("after")).await?;
    within("closing", socket.close(None)).await??;
    drop(socket);
    ended.await
}

async fn echoes(socket: &mut WebSocketStream<Upgraded>, message: Message) -> Outcome {
    within("sending a message", socket.send(message.clone())).await??;
    let answer = within("the echo", socket.next()).await?;
    let answer = answer.ok_or_else(|| Failure::new("the server hung up"))??;
    ensure(
        answer == message,
        "the echo is not the message that was sent",
    )
}

async fn refused(run: Run) -> Outcome {
    let mut requests = vec![run.get("/")];
    let can = run.manifest().has(Capability::UpgradeWebsocket);
    if !can && !matches!(run.protocol()?, Protocol::Http2 | Protocol::Http3) {
        requests.push(asking(&run, "websocket"));
    }
    for request in requests {
        let mut connection = run.connect().await?;
        let reply = connection.send(request.body(Body::empty())?).await?;
        let status = reply.status();
        ensure(
            status.is_client_error(),
            format!("the status is {status}, and should be that of a client's error"),
        )?;
        reply.finish().await?;
    }
    Ok(())
}
