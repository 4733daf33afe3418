//! A WebSocket that says again whatever it is told, on every server that hands a connection over.
//!
//! `cargo run -p transom-any-server --all-features --example websocket_echo`, and each address is at
//! `ws://ADDRESS/echo`; what is asked for anything else is told which server it is. The Autobahn suite checks it, in
//! `tests/external/websockets`.

use std::process::ExitCode;
use std::time::Duration;

use transom::features::ServerInfo;
use transom::{App, ApplicationBuilder, Host, HyperServer, Request, RequestExt};
use transom_actix::ActixServer;
use transom_middleware::websockets::{WebSocket, WebSockets};
use transom_pingora::PingoraServer;
use transom_tiny_http::TinyHttpServer;
use transom_trillium::TrilliumServer;
use transom_xitca::XitcaServer;

const ANY_PORT: &str = "http://127.0.0.1:0";

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_ansi(false).init();
    let host = Host::builder(HyperServer::new(ANY_PORT))
        .with_server(ActixServer::new(ANY_PORT))
        .with_server(PingoraServer::new(ANY_PORT))
        .with_server(tiny_http())
        .with_server(TrilliumServer::new(ANY_PORT))
        .with_server(XitcaServer::new(ANY_PORT))
        .configure(pipeline);
    transom::hosting::exit(host.run().await)
}

/// It reads and writes by turns: what is not said at once waits until the client speaks, or this long.
fn tiny_http() -> TinyHttpServer {
    TinyHttpServer::new(ANY_PORT).with_read_timeout(Duration::from_millis(100))
}

fn pipeline(app: ApplicationBuilder) -> App {
    let sockets = WebSockets::new().with_max_message_size(16 << 20);
    let open = move |request: Request| {
        std::future::ready(match sockets.accept(&request) {
            Ok(upgrade) => upgrade.run(echo),
            Err(refused) => refused.into_response(),
        })
    };
    app.map("/echo", |app| app.run_fn(open)).run_fn(name)
}

async fn name(request: Request) -> String {
    let server = request.feature::<ServerInfo>();
    server.map_or_else(String::new, |server| server.name().to_owned())
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}
