//! Lesson 8: an axum application as it is, behind Transom's pipeline, on whatever server.
//!
//! `cargo run --example 08_axum_inside`, then try `/`, `/hello/you`, `/client`, and `/hello/you/` with its slash.

use std::process::ExitCode;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Html;
use axum::routing::get;
use tower_http::normalize_path::NormalizePathLayer;
use transom::features::{ConnectionInfo, RequestExt};
use transom::{Host, HyperServer};

#[derive(Clone)]
struct Greeting(&'static str);

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    let router = Router::new()
        .route("/", get(|| async { Html("<p>the router's own page</p>") }))
        .route("/hello/{name}", get(hello))
        .route("/client", get(client))
        .with_state(Greeting("hello"));

    let host = Host::builder(HyperServer::new("http://127.0.0.1:0")).configure(|app| {
        // A stage runs before the router, so it can rewrite the path that the router sees.
        app.layer(NormalizePathLayer::trim_trailing_slash())
            .run(router)
    });
    transom::hosting::exit(host.run().await)
}

async fn hello(State(greeting): State<Greeting>, Path(name): Path<String>) -> String {
    format!("{}, {name}\n", greeting.0)
}

/// Features ride in the extensions, so they survive the router, and its extractors see them.
async fn client(request: Request) -> String {
    match request
        .feature::<ConnectionInfo>()
        .and_then(|connection| connection.remote())
    {
        Some(client) => format!("you are {client}\n"),
        None => "the server does not know who you are\n".to_owned(),
    }
}
