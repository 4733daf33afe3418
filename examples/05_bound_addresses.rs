//! Lesson 5: the addresses are known before the pipeline is built, whatever was asked for.
//!
//! `cargo run --example 05_bound_addresses`, then open either address that it prints.

use std::process::ExitCode;

use transom::features::ServerAddresses;
use transom::{Host, HyperServer};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    // Two addresses on one server, each at whatever port is free.
    let server = HyperServer::new("http://127.0.0.1:0;http://*:0");
    let host = Host::builder(server).configure(|app| {
        // At configure time: every server is bound, none of them serves yet.
        let links: Vec<String> = match app.server_features().get::<ServerAddresses>() {
            Some(addresses) => addresses.bound().iter().map(ToString::to_string).collect(),
            None => Vec::new(),
        };
        let page = format!("this server listens on {}\n", links.join(" and "));
        app.run_fn(move |_| {
            let page = page.clone();
            async move { page }
        })
    });
    transom::hosting::exit(start(host).await)
}

async fn start(host: Host) -> Result<(), transom::Error> {
    let running = host.start().await?;
    // At start: for a test, a registry, or whoever has to be told.
    for address in running.addresses() {
        tracing::info!("tell the world about port {:?}", address.port());
    }
    // `run` would handle signals; `start` leaves them to us.
    let stopper = running.stopper();
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_ok() {
            stopper.stop();
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = running.wait() => ended,
        () = interrupted => Ok(()),
    }
}
