//! Lesson 19: the pipeline of a program behind a proxy or a load balancer, which has the certificates and says whom it speaks for.
//!
//! `cargo run --example 19_behind_a_proxy -- --urls http://127.0.0.1:5000`, and then as a proxy on this machine would ask:
//! `curl -H 'x-forwarded-for: 192.0.2.1' -H 'x-forwarded-proto: https' http://127.0.0.1:5000/`. The proxy's side is in
//! `examples/deploy`. With `--shutdown-delay 15s` a program that is asked to stop fails its readiness probe, and serves on
//! until the load balancer has heard of it.

use std::process::ExitCode;
use std::time::Duration;

use transom::features::{ConnectionInfo, Endpoint, PathBase, Scheme};
use transom::hosting::Settings;
use transom::{App, ApplicationBuilder, Error, Host, HyperServer, Request, RequestExt};
use transom_middleware::access_log::{AccessLogLayer, JsonFormat};
use transom_middleware::exception_handler::ExceptionHandlerLayer;
use transom_middleware::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};
use transom_middleware::health_checks::{HealthCheck, HealthChecksLayer, HealthStatus};
use transom_middleware::rate_limiting::{Quota, RateLimitingLayer};
use transom_middleware::request_timeouts::RequestTimeoutsLayer;
use transom_middleware::status_code_pages::StatusCodePagesLayer;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    transom::hosting::exit(run().await)
}

async fn run() -> Result<(), Error> {
    Host::builder(HyperServer::default())
        .with_settings(Settings::from_args()?)
        .try_configure(pipeline)
        .run()
        .await
}

fn pipeline(app: ApplicationBuilder) -> Result<App, Error> {
    let database =
        HealthCheck::new("database", || async { HealthStatus::Healthy }).with_tags(["ready"]);
    // What the proxy sets, and nothing that it hands through: that would come from the client. A proxy on this
    // machine is trusted; one elsewhere is named by `with_known_networks`.
    let forwarded = ForwardedHeadersLayer::new([
        ForwardedPart::For,
        ForwardedPart::Proto,
        ForwardedPart::Host,
        ForwardedPart::Prefix,
    ]);
    let log = AccessLogLayer::to_writer(JsonFormat::new(), std::io::stdout())
        .map_err(|error| Error::configuration(error.to_string()))?;
    Ok(app
        // The load balancer asks for these itself, by the machine's address and in clear.
        .layer(HealthChecksLayer::new().with_check(database))
        // From here on the request is the client's.
        .layer(forwarded)
        .layer(log)
        .layer(ExceptionHandlerLayer::new())
        .layer(StatusCodePagesLayer::new())
        // By the client: all of them would share the budget of the proxy otherwise.
        .layer(RateLimitingLayer::new(Quota::sliding_window(
            600,
            Duration::from_secs(60),
        )))
        // Shorter than the proxy's own, so that the answer is ours.
        .layer(RequestTimeoutsLayer::new(Duration::from_secs(20)))
        .run_fn(who))
}

/// What a link to this page would be, and for whom.
async fn who(request: Request) -> String {
    let client = request
        .feature::<ConnectionInfo>()
        .and_then(ConnectionInfo::remote);
    let client = client
        .and_then(Endpoint::ip)
        .map_or_else(|| "nobody".to_owned(), |ip| ip.to_string());
    let scheme = request
        .feature::<Scheme>()
        .map_or("http", |scheme| scheme.as_str());
    let host = request
        .headers()
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let base = request.feature::<PathBase>().map_or("", PathBase::as_str);
    format!("{client} is at {scheme}://{host}{base}{}\n", request.uri())
}
