//! Lesson 16: an axum application whose routes move to Transom one after the other, its WebSocket too.
//!
//! `cargo run --example 16_mount_in_axum`: `axum::serve` stays the server, and what is below `/new` has moved. The example is
//! its own client, and ends.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use axum::Router;
use axum::extract::Request as AxumRequest;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::ws::WebSocketUpgrade;
use axum::middleware::map_request;
use axum::response::Response as AxumResponse;
use axum::routing::{any, get};
use axum::serve::IncomingStream;
use futures_util::StreamExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use transom::adapter::{Arrival, Mount};
use transom::features::{ConnectionInfo, Endpoint, PathBase, ServerInfo, Transport};
use transom::{App, ApplicationBuilder, Body, Features, Request, RequestExt, Response};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    match migrate().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn migrate() -> Fallible<()> {
    let mut features = Features::new();
    features.insert(ServerInfo::new("axum", "0.8"));
    // axum's server is hyper, which sends trailers.
    let mount = Mount::new(new(), features).with_response_trailers();

    let base = PathBase::new("/new")?;
    let app = Router::new()
        .route("/old", get(async || "the old one\n"))
        .nest_service("/new", mount.clone().with_stripped_path_base(base))
        .layer(map_request(arrival))
        .into_make_service_with_connect_info::<Ends>();

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { stopped.await.unwrap_or_default() };
    let server = axum::serve(listener, app).with_graceful_shutdown(stopped);
    let serving = tokio::spawn(server.into_future());

    converse(address).await?;

    // The framework first; then what it let in, and the WebSockets, which axum forgets.
    drop(stop);
    mount.stop().await;
    Ok(serving.await??)
}

/// What has moved. It can go to a server of Transom's, when all has.
fn new() -> App {
    // What speaks WebSocket may stay in a router of axum's, which is a service like any other.
    let talks = Router::new().route("/talk", any(talk));
    ApplicationBuilder::new()
        .map("/whoami", |app| {
            app.run_fn(async |request: Request| {
                let info = request.feature::<ConnectionInfo>();
                let known = info.is_some_and(|info| info.remote().is_some());
                let who = if known { "a client" } else { "nobody" };
                Response::new(Body::from(format!("you are {who}\n")))
            })
        })
        .run(talks)
}

async fn talk(upgrade: WebSocketUpgrade) -> AxumResponse {
    upgrade.on_upgrade(async |mut socket| {
        let _ = socket.send("the new one talks".into()).await;
    })
}

/// What axum keeps for each connection: from where it came.
#[derive(Clone)]
struct Ends(Arrival);

impl Connected<IncomingStream<'_, TcpListener>> for Ends {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        let remote = Endpoint::Tcp(*stream.remote_addr());
        Self(Arrival::new(
            ConnectionInfo::new(Transport::Tcp).with_remote(remote),
        ))
    }
}

/// Tells the mount, wherever in the router it is.
async fn arrival(
    ConnectInfo(Ends(arrival)): ConnectInfo<Ends>,
    mut request: AxumRequest,
) -> AxumRequest {
    request.extensions_mut().insert(arrival);
    request
}

async fn converse(address: SocketAddr) -> Fallible<()> {
    assert_eq!(fetch(address, "/old").await?, "the old one\n");
    assert_eq!(fetch(address, "/new/whoami").await?, "you are a client\n");
    let url = format!("ws://{address}/new/talk");
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await?;
    let said = socket.next().await.ok_or("the server hung up")??;
    println!("/new/talk: {said}");
    assert_eq!(said.to_text()?, "the new one talks");
    socket.close(None).await?;
    Ok(())
}

async fn fetch(address: SocketAddr, path: &str) -> io::Result<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    print!("{path}: {body}");
    Ok(body.to_owned())
}
