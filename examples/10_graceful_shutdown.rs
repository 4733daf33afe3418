//! Lesson 10: stopping without losing a request.
//!
//! `cargo run --example 10_graceful_shutdown`, open `/slow`, and press Ctrl+C at once: the answer still comes. A
//! second Ctrl+C would cut it off, and so would the end of the grace; the error then says what was lost.

use std::process::ExitCode;
use std::time::Duration;

use transom::features::{RequestExt, ServerLifetime};
use transom::{Host, HyperServer, Request};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    let host = Host::builder(HyperServer::new("http://127.0.0.1:0"))
        .with_shutdown_timeout(Duration::from_secs(10))
        .configure(|app| {
            app.map("/slow", |slow| slow.run_fn(slow_answer))
                .run_fn(|_| async { "try /slow\n" })
        });
    transom::hosting::exit(host.run().await)
}

/// Takes two seconds, or less if the server is stopping: a long answer may cut itself short.
async fn slow_answer(request: Request) -> &'static str {
    let Some(lifetime) = request.feature::<ServerLifetime>().cloned() else {
        return "this server cannot stop\n";
    };
    tokio::select! {
        () = tokio::time::sleep(Duration::from_secs(2)) => "took my time\n",
        () = lifetime.stopping() => "made it short, for the server is stopping\n",
    }
}
