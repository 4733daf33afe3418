//! WebSockets, on every server that hands a connection over.
//!
//! [`WebSockets`] checks what a client sent, agrees on a sub-protocol, opens the WebSocket and looks after it: pings are
//! answered, a silent client is asked whether it is there, a message that is too long is refused, and when the server
//! stops, every client is told so (1001). It is used by a route, and is no layer: any handler that gets the request can
//! call it.
//!
//! ```
//! use futures_util::{SinkExt, StreamExt};
//! use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};
//! use transom::{ApplicationBuilder, Request, Response, testing::TestServer};
//! use transom_middleware::websockets::{Message, WebSocket, WebSockets};
//!
//! async fn echo(mut socket: WebSocket) {
//!     while let Some(Ok(message)) = socket.recv().await {
//!         if socket.send(message).await.is_err() {
//!             return;
//!         }
//!     }
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let sockets = WebSockets::new();
//! let app = ApplicationBuilder::new().run_fn(move |request: Request| {
//!     std::future::ready(match sockets.accept(&request) {
//!         Ok(upgrade) => upgrade.run(echo),
//!         Err(refused) => refused.into_response(),
//!     })
//! });
//! let client = TestServer::new().start(app).await?;
//!
//! let request = http::Request::get("/")
//!     .header("connection", "Upgrade")
//!     .header("upgrade", "websocket")
//!     .header("sec-websocket-version", "13")
//!     .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
//! let (response, connection) = client.upgrade(request.body("")?).await?;
//! assert_eq!(response.status(), 101);
//! let connection = connection.ok_or("refused")?;
//! let mut client = WebSocketStream::from_raw_socket(connection, Role::Client, None).await;
//! client.send("is anybody there?".into()).await?;
//! assert_eq!(client.next().await.ok_or("gone")??.to_text()?, "is anybody there?");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Sub-protocols, and pages of another host; whoever is refused is told why:
//!
//! ```
//! # use transom::{ApplicationBuilder, Request, testing::TestServer};
//! # use transom_middleware::websockets::{CloseCode, CloseFrame, WebSockets};
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let sockets = WebSockets::new()
//!     .with_protocols(["v2.chat", "v1.chat"])?
//!     .with_allowed_origins(["https://app.example.com"])?;
//! let app = ApplicationBuilder::new().run_fn(move |request: Request| {
//!     std::future::ready(match sockets.accept(&request) {
//!         Ok(upgrade) => upgrade.run(|mut socket| async move {
//!             let farewell = CloseFrame::new(CloseCode::TRY_AGAIN_LATER, "nobody is here");
//!             let _ = socket.close(farewell).await;
//!         }),
//!         Err(refused) => refused.into_response(),
//!     })
//! });
//! let client = TestServer::new().start(app).await?;
//! let ask = |origin: &str| {
//!     http::Request::get("/")
//!         .header("connection", "Upgrade")
//!         .header("upgrade", "websocket")
//!         .header("sec-websocket-version", "13")
//!         .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
//!         .header("sec-websocket-protocol", "v1.chat, v2.chat")
//!         .header("origin", origin)
//!         .body("")
//! };
//!
//! let response = client.send(ask("https://app.example.com")?).await?;
//! assert_eq!(response.status(), 101);
//! assert_eq!(response.headers()["sec-websocket-protocol"], "v2.chat");
//! let response = client.send(ask("https://evil.example")?).await?;
//! assert_eq!(response.status(), 403);
//! assert_eq!(
//!     response.into_body().collect(100).await?,
//!     "pages of this origin may not open a WebSocket here\n",
//! );
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! ASP.NET calls this `UseWebSockets` and `HttpContext.WebSockets.AcceptWebSocketAsync`.
//!
//! # Opening
//!
//! Over HTTP/1.1 by an upgrade (RFC 6455), answered 101; over HTTP/2 and HTTP/3 by an extended CONNECT (RFC 8441, RFC
//! 9220), answered 200. The handler sees no difference. [`HandshakeError::status`] has a table of refusals.
//!
//! # Origins
//!
//! A browser lets a page of any site open a WebSocket to any other, and sends the cookies along: cross-site WebSocket
//! hijacking. No rule of the browser's but the field `Origin` stands against it, and the server has to look at it. So
//! only pages of the host that was asked may, as `Host` says it or, after
//! [`forwarded_headers`](crate::forwarded_headers), the proxy; others must be
//! [listed](WebSockets::with_allowed_origins). This is stricter than ASP.NET, which allows all until told otherwise. A
//! request without the field comes from no page, and is let through: `Origin` is no authentication.
//!
//! # Time and room
//!
//! | option | default | |
//! |---|---|---|
//! | [`with_max_message_size`](WebSockets::with_max_message_size) | 1 MiB | in however many frames; 1009 if it is longer |
//! | [`with_keep_alive_interval`](WebSockets::with_keep_alive_interval) | 30 s | of silence, and the client is sent a ping |
//! | [`with_keep_alive_timeout`](WebSockets::with_keep_alive_timeout) | 20 s | without a byte after that, and the client is given up |
//! | [`with_close_timeout`](WebSockets::with_close_timeout) | 5 s | for all that an end takes |
//!
//! ASP.NET's interval is 2 minutes and its timeout infinite: many a proxy has cut the line by then, and a client that
//! vanished has its place for ever.
//!
//! Each way has room for one message besides that on the wire, and 16 KiB: a client that sends more than the handler
//! takes is not read, and a handler that sends more than the client takes waits.
//!
//! # The end
//!
//! | who ends it | the client sees | the handler sees |
//! |---|---|---|
//! | the handler returns; panics | 1000; 1011 | |
//! | the handler [closes](WebSocket::close) | that | the client's close, then `None` |
//! | the client closes | its own close | [`Message::Close`], then `None` |
//! | the server begins to stop | 1001 | `None` |
//! | the client breaks the rules | 1002, 1007 or 1009, and why | an error, then `None` |
//! | the client is silent, or gone | | an error, then `None` |
//!
//! A handler that goes on after that is dropped after the close timeout, and until then the server that stops waits for
//! it. So a host drains in no more than twice that time, and never hangs on a client.
//!
//! # What is not there
//!
//! No extension is agreed upon, so there is no compression (`permessage-deflate`): tokio-tungstenite, which reads and
//! writes the frames, has none. Messages are whole: they are neither sent nor received in pieces, and text is looked at
//! when its frame is complete.
//!
//! # Outside of Transom
//!
//! The connection comes from the feature `dyn Upgrade`. A server of Transom's has it, and so has an application that is
//! [mounted](transom::adapter::Mount) in another framework. Without it a proper handshake is answered 501.

mod close;
mod driver;
mod error;
mod handshake;
mod keep_alive;
mod message;
mod options;
mod origins;
mod protocols;
mod socket;
mod talk;
mod text;
mod upgrade;
mod watched;

pub use close::{CloseCode, CloseFrame};
pub use error::WebSocketError;
pub use handshake::HandshakeError;
pub use message::Message;
pub use options::WebSockets;
pub use origins::InvalidOrigin;
pub use protocols::InvalidProtocol;
pub use socket::{WebSocket, WebSocketReceiver, WebSocketSender};
pub use text::Text;
pub use upgrade::WebSocketUpgrade;
