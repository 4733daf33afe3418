//! Lesson 18: the pipeline of a program that faces the Internet by itself, and why each layer stands where it does.
//!
//! `cargo run --example 18_at_the_edge -- --urls http://127.0.0.1:5000`, and with `TRANSOM_HTTPS_PORT=443` it sends
//! everybody on to `https`. The limits, timers and certificates are the server's: lessons 13 and 15.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use transom::hosting::Settings;
use transom::pipeline::Failure;
use transom::{App, ApplicationBuilder, Error, Host, HyperServer, Request};
use transom_middleware::access_log::{AccessLogLayer, LogFormat};
use transom_middleware::concurrency_limiter::ConcurrencyLimiterLayer;
use transom_middleware::developer_error_page::DeveloperErrorPageLayer;
use transom_middleware::exception_handler::ExceptionHandlerLayer;
use transom_middleware::host_filtering::HostFilteringLayer;
use transom_middleware::hsts::HstsLayer;
use transom_middleware::https_redirection::HttpsRedirectionLayer;
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
    let hosts = HostFilteringLayer::new(["example.com", "localhost", "127.0.0.1"]);
    let hosts = hosts.map_err(|error| Error::configuration(error.to_string()))?;
    let log = AccessLogLayer::to_writer(LogFormat::Combined, io::stdout())
        .map_err(|error| Error::configuration(error.to_string()))?;
    let developers = DeveloperErrorPageLayer::of(&app);
    // 50 at once, and 10 a second after that, for each client.
    let often = RateLimitingLayer::new(Quota::token_bucket(50, 10, Duration::from_secs(1)));
    Ok(app
        // Each request has a name from here on, in the log and in the answer.
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        // One line for each request, whatever becomes of it. `to_files` keeps them in files that roll.
        .layer(log)
        .layer(TraceLayer::new_for_http())
        .layer(PropagateRequestIdLayer::x_request_id())
        // Nothing is made of a host that is not ours, a redirection least of all.
        .layer(hosts)
        .layer(HttpsRedirectionLayer::new())
        .layer(HstsLayer::new())
        // Whatever goes wrong below is answered here: with a problem, in Development with all that is known.
        .layer(ExceptionHandlerLayer::new())
        .layer(developers)
        .layer(StatusCodePagesLayer::new())
        .layer(CompressionLayer::new())
        // First each client by itself, so that one alone does not fill the queue of all.
        .layer(often)
        .layer(ConcurrencyLimiterLayer::new(500).with_queue(500))
        // The time runs while the application works, and not in the queue.
        .layer(RequestTimeoutsLayer::new(Duration::from_secs(30)))
        .map("/hello", |hello| hello.run_fn(async |_: Request| "hello\n"))
        .map("/fails", |fails| fails.run_fn(fail))
        .build())
}

async fn fail(_: Request) -> Result<&'static str, Failure> {
    Err(io::Error::other("the database is not there"))?
}
