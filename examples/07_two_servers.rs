//! Lesson 7: several servers under one pipeline.
//!
//! `cargo run --example 07_two_servers` serves one site on two engines; a request knows which server it came
//! by.

use std::process::ExitCode;

use transom::features::ServerInfo;
use transom::{Host, HyperServer, Request, RequestExt};
use transom_actix::ActixServer;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    // All of them are bound before any of them serves; if one cannot be, none of them is.
    let host = Host::builder(HyperServer::new("http://127.0.0.1:0"))
        .with_server(ActixServer::new("http://127.0.0.1:0"))
        .configure(|app| {
            app.run_fn(|request: Request| async move {
                match request.feature::<ServerInfo>() {
                    Some(server) => format!("you came by {server}\n"),
                    None => "you came from nowhere\n".to_owned(),
                }
            })
        });
    transom::hosting::exit(host.run().await)
}
