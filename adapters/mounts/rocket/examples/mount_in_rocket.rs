//! An application in Rocket, whose routes move to Transom one after the other.
//!
//! `cargo run -p transom-rocket --example mount_in_rocket`: `/old` is Rocket's still, and what is below `/new` has moved. The
//! example is its own client, and ends.

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use rocket::config::LogLevel;
use rocket::fairing::AdHoc;
use rocket::{Config, get as on_get};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use transom::{App, ApplicationBuilder, Body, Request, Response};
use transom_rocket::{mount, routes};

#[on_get("/old")]
fn old() -> &'static str {
    "the old one"
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mount = mount(new());
    // Rocket tells which port it has when it lifts off.
    let (lifted, mut liftoff) = mpsc::unbounded_channel();
    let config = Config {
        port: 0,
        log_level: LogLevel::Off,
        ..Config::default()
    };
    let rocket = rocket::custom(config)
        .mount("/", rocket::routes![old])
        .mount("/new", routes(&mount))
        .attach(AdHoc::on_liftoff("address", move |rocket| {
            let address = SocketAddr::new(rocket.config().address, rocket.config().port);
            let _ = lifted.send(address);
            Box::pin(async {})
        }))
        .ignite()
        .await?;
    let stop = rocket.shutdown();
    let serving = tokio::spawn(rocket.launch());

    let address = liftoff.recv().await.ok_or("it did not lift off")?;
    ask(address).await?;

    stop.notify();
    mount.stop().await;
    serving.await??;
    Ok(())
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
