//! Lesson 20: the pipeline of a function on AWS Lambda, which also runs on your machine.
//!
//! `cargo run --example 20_on_lambda`, and open `/prod/orders/7`. Built for Lambda it is the file `bootstrap`, with the variable
//! `TRANSOM_SERVER=lambda`.

use std::io;
use std::process::ExitCode;

use tower_http::trace::TraceLayer;
use transom::hosting::{Servers, Settings};
use transom::pipeline::Failure;
use transom::{App, ApplicationBuilder, Error, Host, HyperServer, Request};
use transom_lambda::LambdaServer;
use transom_middleware::exception_handler::ExceptionHandlerLayer;
use transom_middleware::path_base::PathBaseLayer;
use transom_middleware::status_code_pages::StatusCodePagesLayer;

// A function has one request at a time, mostly.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // To standard output, which is the log of the function.
    tracing_subscriber::fmt().init();
    transom::hosting::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let servers = Servers::new()
        .with("hyper", || HyperServer::new("http://127.0.0.1:0"))
        .with("lambda", LambdaServer::new);
    Host::choose(&servers, Settings::from_args()?)?
        .try_configure(pipeline)
        .run()
        .await
}

/// The platform has the certificates, the hosts, the limits of rate, of number and of time; its event says who the client
/// is. What is left is what concerns one request.
fn pipeline(app: ApplicationBuilder) -> Result<App, Error> {
    // What a CDN or a custom domain leaves before each path; the name of a stage `LambdaServer` takes off itself.
    let base = PathBaseLayer::new("/prod");
    let base = base.map_err(|error| Error::configuration(error.to_string()))?;
    Ok(app
        .layer(base)
        .layer(TraceLayer::new_for_http())
        // An error would be one of the function, which the platform may try again: it becomes an answer.
        .layer(ExceptionHandlerLayer::new())
        .layer(StatusCodePagesLayer::new())
        .map("/orders", |orders| orders.run_fn(order))
        .build())
}

async fn order(request: Request) -> Result<String, Failure> {
    match request.uri().path().trim_start_matches('/') {
        "7" => Ok("seven chairs\n".to_owned()),
        other => Err(io::Error::other(format!(
            "the table has no order `{other}`"
        )))?,
    }
}
