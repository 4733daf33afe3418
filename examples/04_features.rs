//! Lesson 4: features are what the server, and the middleware before you, know and can do.
//!
//! `cargo run --example 04_features`, then open the address that it prints.

use std::process::ExitCode;

use transom::features::{
    ConnectionInfo, Feature, MaxRequestBodySize, OriginalTarget, RequestIdentifier,
    RequestLifetime, Scheme, ServerInfo, Upgrade,
};
use transom::{Host, HyperServer, Request, RequestExt};

/// A feature of our own: opt-in, so that nothing is found by accident.
struct Visitor {
    number: u64,
}

impl Feature for Visitor {
    const NAME: &'static str = "example.visitor";
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    let host = Host::builder(HyperServer::new("http://127.0.0.1:0")).configure(|app| {
        let count = std::sync::atomic::AtomicU64::new(1);
        app.use_fn(move |mut request, next| {
            let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            // Middleware adds features, replaces them, or wraps them. The nearest scope wins.
            request.features_mut().insert(Visitor { number });
            async move { next.run(request).await }
        })
        .run_fn(show)
    });
    transom::hosting::exit(host.run().await)
}

async fn show(request: Request) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| text.push_str(&format!("{name:<12} {value}\n"));

    // Present or absent, never made up.
    if let Some(visitor) = request.feature::<Visitor>() {
        line("visitor", visitor.number.to_string());
    }
    if let Some(server) = request.feature::<ServerInfo>() {
        line("server", server.to_string());
    }
    if let Some(scheme) = request.feature::<Scheme>() {
        line("scheme", scheme.to_string());
    }
    if let Some(connection) = request.feature::<ConnectionInfo>() {
        line("connection", connection.id().to_string());
        line(
            "client",
            connection
                .remote()
                .map_or("unknown".into(), ToString::to_string),
        );
    }
    if let Some(identifier) = request.feature::<RequestIdentifier>() {
        line("request", identifier.to_string());
    }
    if let Some(target) = request.feature::<OriginalTarget>() {
        line("target", target.to_string());
    }
    if let Some(lifetime) = request.feature::<RequestLifetime>() {
        line("client left", lifetime.is_disconnected().to_string());
    }
    if let Some(size) = request.feature::<MaxRequestBodySize>() {
        line("body limit", format!("{:?}", size.limit()));
    }

    // A capability is a `dyn Trait`; `require` explains what is missing, and where.
    match request.features().require::<dyn Upgrade>() {
        Ok(_) => line("upgrade", "yes".into()),
        Err(missing) => line("upgrade", missing.to_string()),
    }
    text
}
