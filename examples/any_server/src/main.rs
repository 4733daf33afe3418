//! One application, and every server that there is an adapter for.
//!
//! `any_server --server actix --urls http://127.0.0.1:8080`: whoever runs the program chooses, on the command line, in
//! the environment (`TRANSOM_SERVER`) or in `transom.toml`. `--help` lists the servers that this build has; each is
//! a cargo feature.

mod servers;

use std::process::ExitCode;

use axum::Router;
use axum::extract::Request;
use axum::routing::{get, post};
use transom::features::{ConnectionInfo, Endpoint, ServerInfo};
use transom::hosting::Settings;
use transom::{Error, Host, RequestExt};

#[tokio::main]
async fn main() -> ExitCode {
    // Not on standard output, which is where a program of CGI answers.
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    transom::hosting::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let servers = servers::all();
    let settings = Settings::from_args_for(&servers)?;
    Host::choose(&servers, settings)?
        .configure(|app| app.run(application()))
        .run()
        .await
}

/// The application, which names no server.
fn application() -> Router {
    Router::new()
        .route("/", get(hello))
        .route("/echo", post(async |request: Request| request.into_body()))
}

async fn hello(request: Request) -> String {
    let server = match request.feature::<ServerInfo>() {
        Some(server) => server.to_string(),
        None => "a server without a name".to_owned(),
    };
    let peer = request
        .feature::<ConnectionInfo>()
        .and_then(ConnectionInfo::remote)
        .and_then(Endpoint::socket_addr);
    match peer {
        Some(peer) => format!("hello {} from {server}\n", peer.ip()),
        None => format!("hello from {server}\n"),
    }
}
