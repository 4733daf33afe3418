//! Lesson 6: whoever runs the program chooses the server, and says where it listens.
//!
//! `cargo run --example 06_choose_the_server -- --server actix --urls http://127.0.0.1:8080`, or with `TRANSOM_SERVER` and
//! `TRANSOM_URLS`, or in `transom.toml`. `--help` lists the rest.

use std::process::ExitCode;

use transom::features::ServerInfo;
use transom::hosting::{Servers, Settings};
use transom::{Error, Host, HyperServer, Request, RequestExt};
use transom_actix::ActixServer;
use transom_tiny_http::TinyHttpServer;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    transom::hosting::exit(run().await)
}

async fn run() -> Result<(), Error> {
    // Files, then the environment, then the command line; the later one wins.
    let settings = Settings::from_args()?;

    // Only the one that is chosen is made. None of them has an address of its own, so it gets those of the
    // settings, or else http://localhost:5000.
    let server = Servers::new()
        .with("hyper", HyperServer::default)
        .with("actix", ActixServer::default)
        .with("tiny_http", TinyHttpServer::default)
        .choose(settings.server())?;

    Host::builder(server)
        .with_settings(settings)
        .configure(|app| {
            app.run_fn(|request: Request| async move {
                let server = request
                    .features()
                    .require::<ServerInfo>()
                    .map(ToString::to_string);
                server.unwrap_or_else(|missing| missing.to_string())
            })
        })
        .run()
        .await
}
