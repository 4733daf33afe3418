//! Lesson 3: branches end by themselves, detours come back. The types tell which is which.
//!
//! `cargo run --example 03_branches`, then try `/`, `/health`, `/admin/users`, `/v2/x`, and `/?debug`.

use std::process::ExitCode;

use http::{HeaderValue, StatusCode};
use transom::features::{PathBase, RequestExt};
use transom::{App, ApplicationBuilder, Host, HyperServer, Request};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    let host = Host::builder(HyperServer::new("http://127.0.0.1:0")).configure(pipeline);
    transom::hosting::exit(host.run().await)
}

fn pipeline(app: ApplicationBuilder) -> App {
    // Mounted below `/site` by a proxy, say; requests without it pass as well.
    app.use_path_base("/site")
        // A branch by path. It ends, so the closure returns an `App`; forgetting to end it does not compile.
        .map("/health", |health| {
            health.run_fn(|_| async { StatusCode::OK })
        })
        // Branches nest. What matched moves from the path to the path base.
        .map("/admin", |admin| {
            admin.map("/users", |users| users.run_fn(show_path)).build() // anything else below `/admin`: 404
        })
        // A branch by any test.
        .map_when(
            |request| request.uri().path().starts_with("/v2/"),
            |v2| v2.run_fn(|_| async { "version 2\n" }),
        )
        // A detour: it rejoins, so the closure returns the builder.
        .use_when(
            |request| request.uri().query() == Some("debug"),
            |debug| {
                debug.use_fn(|request, next| async move {
                    let mut response = next.run(request).await;
                    response
                        .headers_mut()
                        .insert("x-debug", HeaderValue::from_static("on"));
                    response
                })
            },
        )
        .run_fn(show_path)
}

async fn show_path(request: Request) -> String {
    let base = request.feature::<PathBase>().cloned().unwrap_or_default();
    format!("base `{base}`, path `{}`\n", request.uri().path())
}
