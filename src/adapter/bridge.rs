//! hyper's `OnUpgrade` on a server that is not hyper, so that axum's `WebSocketUpgrade` works there.
//!
//! hyper has no constructor for it, but makes one for its own client: so a client of hyper's sends a
//! request through memory, is answered 101 by hand, and yields the `OnUpgrade`. What the application then
//! reads and writes comes out at the far end of that memory, and is carried to the real connection.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join;
use http::{Method, StatusCode};
use http_body_util::Empty;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::contract::{Application, Request, Response};
use crate::features::Upgrade;
use crate::tunnel::{Far, tunnel};

/// How many bytes wait in memory each way.
const BUFFER: usize = 64 * 1024;

/// Calls the application with an `OnUpgrade` beside the offer. Whichever it takes, works.
pub(super) async fn call<A: Application>(
    app: Arc<A>,
    mut request: Request,
    offer: Arc<dyn Upgrade>,
) -> Response {
    if request.extensions().get::<OnUpgrade>().is_some() {
        // The server is hyper, and its own is better.
        return app.call(request).await;
    }
    let Ok((on_upgrade, far)) = mint().await else {
        return app.call(request).await;
    };
    request.extensions_mut().insert(on_upgrade);
    let is_connect = request.method() == Method::CONNECT;
    let response = app.call(request).await;
    let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS
        || (is_connect && response.status().is_success());
    if switches && let Ok(upgrading) = offer.accept() {
        // It lives as long as both its ends do: the server's connection and the application's.
        tokio::spawn(async move {
            if let Ok(connection) = upgrading.await {
                let _ = far.carry(connection).await;
            }
        });
    }
    response
}

/// Makes an `OnUpgrade`, and returns the far end of the connection that it yields.
async fn mint() -> io::Result<(OnUpgrade, Far)> {
    let (near, mut far) = tunnel(BUFFER);
    let (mut client, connection) =
        hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(TokioIo::new(near))
            .await
            .map_err(io::Error::other)?;
    let mut connection = connection.with_upgrades();
    let request = http::Request::get("/")
        .header("connection", "upgrade")
        .header("upgrade", "transom")
        .body(Empty::new())
        .map_err(io::Error::other)?;
    let exchange = async {
        let (response, answered) = join(client.send_request(request), answer(far.io())).await;
        answered?;
        response.map_err(io::Error::other)
    };
    // The connection has to be driven until it has switched, and ends with that.
    let (response, driven) = join(exchange, &mut connection).await;
    driven.map_err(io::Error::other)?;
    Ok((hyper::upgrade::on(response?), far))
}

/// Reads the head of the request, to its empty line and not a byte further, and answers it.
async fn answer(far: &mut DuplexStream) -> io::Result<()> {
    let mut head = Vec::with_capacity(128);
    while !head.ends_with(b"\r\n\r\n") {
        head.push(far.read_u8().await?);
    }
    far.write_all(
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: transom\r\n\r\n",
    )
    .await
}
