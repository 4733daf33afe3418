//! Lesson 2: middleware runs in the order in which it is written.
//!
//! `cargo run --example 02_middleware`, then open the address that it prints.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use http::{HeaderValue, StatusCode};
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use transom::pipeline::Next;
use transom::{ApplicationBuilder, Host, HyperServer, Request, Response};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    let compress = true;
    let host = Host::builder(HyperServer::new("http://127.0.0.1:0")).configure(move |app| {
        // Outermost, so that it sees every request and every response.
        let app = app.layer(TraceLayer::new_for_http());
        // The type of the builder does not change, so an `if` is an `if`.
        let app = if compress {
            app.layer(CompressionLayer::new())
        } else {
            app
        };
        protected(app)
            // A function around the rest; inside of the limits, so what they refuse is not timed.
            .use_fn(timed)
            .run_fn(|_| async { "hello from behind five layers\n" })
    });
    transom::hosting::exit(host.run().await)
}

/// A part of a pipeline is a function from builder to builder.
fn protected(app: ApplicationBuilder) -> ApplicationBuilder {
    // A whole stack is one stage, and static inside.
    app.layer(
        ServiceBuilder::new()
            .layer(TimeoutLayer::with_status_code(
                StatusCode::GATEWAY_TIMEOUT,
                Duration::from_secs(10),
            ))
            .layer(RequestBodyLimitLayer::new(64 * 1024)),
    )
}

/// Adds how long the rest of the pipeline took.
async fn timed(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let mut response = next.run(request).await;
    let micros = started.elapsed().as_micros().to_string();
    if let Ok(value) = HeaderValue::try_from(micros) {
        response.headers_mut().insert("x-micros", value);
    }
    response
}
