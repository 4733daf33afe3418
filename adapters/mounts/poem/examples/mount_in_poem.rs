//! An application in poem, whose routes move to Transom one after the other.
//!
//! `cargo run -p transom-poem --example mount_in_poem`: `/old` is poem's still, and what is below `/new` has moved. The
//! example is its own client, and ends.

use std::io;
use std::net::SocketAddr;

use poem::listener::TcpAcceptor;
use poem::{Route, Server, get as method_get, handler};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use transom::{App, ApplicationBuilder, Body, Request, Response};
use transom_poem::{endpoint, mount};

#[handler]
fn old() -> &'static str {
    "the old one"
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mount = mount(new());
    let route = Route::new()
        .at("/old", method_get(old))
        .nest("/new", endpoint(&mount));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::new_with_acceptor(TcpAcceptor::from_tokio(listener)?);
    let stopped = async { stopped.await.unwrap_or_default() };
    let serving = tokio::spawn(server.run_with_graceful_shutdown(route, stopped, None));

    ask(address).await?;

    drop(stop);
    mount.stop().await;
    serving.await?
}

/// Written with Transom alone: it can go to a server of its own, when all has moved.
fn new() -> App {
    ApplicationBuilder::new()
        .map("/hello", |hello| {
            hello.run_fn(async |request: Request| {
                let name = request.uri().path().trim_start_matches('/');
                Response::new(Body::from(format!("hello {name}, from the new one")))
            })
        })
        .build()
}

async fn ask(address: SocketAddr) -> io::Result<()> {
    assert_eq!(get(address, "/old").await?, "the old one");
    assert_eq!(
        get(address, "/new/hello/you").await?,
        "hello you, from the new one"
    );
    Ok(())
}

/// Asks as a client would, and returns the body of the answer.
async fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    println!("{path}: {body}");
    Ok(body.to_owned())
}
