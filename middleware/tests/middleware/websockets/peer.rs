//! A client, and frames by hand.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::request::Builder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use transom::features::Upgraded;
use transom::testing::{TestClient, TestServer};
use transom::{App, ApplicationBuilder, Request};
use transom_middleware::websockets::{WebSocket, WebSockets};

/// A request that opens a WebSocket; RFC 6455, section 1.3.
pub(super) fn asking() -> Builder {
    http::Request::get("/")
        .header("connection", "keep-alive, Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

/// An application that opens a WebSocket for whoever asks.
pub(super) fn app<H, F>(sockets: WebSockets, handler: H) -> App
where
    H: Fn(WebSocket) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    ApplicationBuilder::new().run_fn(move |request: Request| {
        std::future::ready(match sockets.accept(&request) {
            Ok(upgrade) => upgrade.run(handler.clone()),
            Err(refused) => refused.into_response(),
        })
    })
}

pub(super) async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

/// The client's end of a connection.
pub(super) struct Peer {
    pub(super) socket: WebSocketStream<Upgraded>,
    /// Keeps the server.
    _client: Option<TestClient>,
}

/// Opens a WebSocket of an application.
pub(super) async fn open(app: App) -> Peer {
    let client = TestServer::new().start(app).await.unwrap();
    let mut peer = open_on(&client).await;
    peer._client = Some(client);
    peer
}

pub(super) async fn open_on(client: &TestClient) -> Peer {
    let request = asking().body("").unwrap();
    let (response, connection) = client.upgrade(request).await.unwrap();
    assert_eq!(response.status(), 101);
    Peer::over(connection.unwrap()).await
}

impl Peer {
    pub(super) async fn over(connection: Upgraded) -> Self {
        Self {
            socket: WebSocketStream::from_raw_socket(connection, Role::Client, None).await,
            _client: None,
        }
    }

    pub(super) async fn send(&mut self, message: impl Into<Message>) {
        self.socket.send(message.into()).await.unwrap();
    }

    pub(super) async fn next(&mut self) -> Message {
        self.socket.next().await.unwrap().unwrap()
    }

    /// Reads to the close, and returns its code and reason.
    pub(super) async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.next().await {
                // Its library has an answer ready.
                let _ = self.socket.flush().await;
                return match frame {
                    Some(frame) => (frame.code.into(), frame.reason.to_string()),
                    None => (1005, String::new()),
                };
            }
        }
    }

    /// Writes bytes as they are.
    pub(super) async fn write(&mut self, bytes: &[u8]) {
        let connection = self.socket.get_mut();
        AsyncWriteExt::write_all(connection, bytes).await.unwrap();
    }

    /// Waits for the end of the connection itself.
    pub(super) async fn ended(&mut self) {
        let mut rest = Vec::new();
        let connection = self.socket.get_mut();
        let _ = AsyncReadExt::read_to_end(connection, &mut rest).await;
    }
}

/// A frame, masked with zeros, which leaves it as it is. `first` has the flags and the opcode.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASKED: u8 = 0x80;
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(MASKED | length as u8),
        length => {
            frame.push(MASKED | 126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Waits until something is so.
pub(super) async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}
