//! The whole in one go: one and the same pipeline on every server.
//!
//! `cargo run --example tour` starts four servers at ports that the system chooses, prints what each of them
//! is and can do, sends real requests to each, shows the answers, and stops them all.
//!
//! `cargo run -p transom-any-server --all-features --example grand_tour` does the same with every server there is.

mod client;
mod visit;

use std::process::ExitCode;

use transom::testing::TestServer;
use transom::{Host, HyperServer};
use transom_actix::ActixServer;
use transom_tiny_http::TinyHttpServer;

const ANY_PORT: &str = "http://127.0.0.1:0";

#[tokio::main]
async fn main() -> ExitCode {
    let host = Host::builder(HyperServer::new(ANY_PORT))
        .with_server(ActixServer::new(ANY_PORT))
        .with_server(TinyHttpServer::new(ANY_PORT))
        .with_server(TestServer::new());
    transom::hosting::exit(visit::all(host).await)
}
