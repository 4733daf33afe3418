//! Lesson 1: the smallest application there is, on the default server.
//!
//! `cargo run --example 01_hello`, then open the address that it prints. Ctrl+C ends it.

use std::process::ExitCode;

use transom::{Host, HyperServer};

#[tokio::main]
async fn main() -> ExitCode {
    // The host says where it listens through `tracing`; this shows it.
    tracing_subscriber::fmt().init();

    // Port 0: the system chooses a free one, and the server knows which.
    let host = Host::builder(HyperServer::new("http://127.0.0.1:0"))
        .configure(|app| app.run_fn(|_| async { "hello, world\n" }));

    // An error becomes one line and a code that is not zero.
    transom::hosting::exit(host.run().await)
}
