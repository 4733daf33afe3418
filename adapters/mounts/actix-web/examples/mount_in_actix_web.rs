//! An application in actix-web, whose routes move to Transom one after the other.
//!
//! `cargo run -p transom-actix-web --example mount_in_actix_web`: `/old` is actix-web's still, and what is below `/new` has moved. The
//! example is its own client, and ends.

use std::io;
use std::net::SocketAddr;

use actix_web::{App as ActixApp, HttpServer, web};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use transom::{App, ApplicationBuilder, Body, Request, Response};
use transom_actix_web::{mount, on_connect, service};

#[actix_web::main]
async fn main() -> io::Result<()> {
    let mount = mount(new());
    let mounted = mount.clone();
    let server = HttpServer::new(move || {
        ActixApp::new()
            .route("/old", web::get().to(async || "the old one"))
            .service(web::scope("/new").default_service(service(&mounted)))
    })
    .workers(1)
    .on_connect(on_connect)
    .bind("127.0.0.1:0")?;
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    let serving = actix_web::rt::spawn(server);

    ask(address).await?;

    handle.stop(true).await;
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
