//! An application in salvo, whose routes move to Transom one after the other.
//!
//! `cargo run -p transom-salvo --example mount_in_salvo`: `/old` is salvo's still, and what is below `/new` has moved. The
//! example is its own client, and ends.

use std::io;
use std::net::SocketAddr;

use salvo_core::conn::tcp::TcpAcceptor;
use salvo_core::{Router, Server, handler};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use transom::features::PathBase;
use transom::{App, ApplicationBuilder, Body, Request, Response};
use transom_salvo::mount;

#[handler]
async fn old() -> &'static str {
    "the old one"
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let base = PathBase::new("/new").map_err(io::Error::other)?;
    let mount = mount(new()).with_path_base(base);
    let router = Router::new()
        .push(Router::with_path("old").get(old))
        .push(Router::with_path("new/{**rest}").goal(transom_salvo::handler(&mount)));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = Server::new(TcpAcceptor::try_from(listener)?);
    let handle = server.handle();
    let serving = tokio::spawn(server.try_serve(router));

    ask(address).await?;

    handle.stop_graceful(None);
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
