//! Lesson 15: whoever runs the program configures its server from a file.
//!
//! `cargo run --example 15_configuration -- --config examples/15_configuration.toml`, or with one thing said otherwise:
//! `--set hyper.limits.max_connections=5`, or `TRANSOM_HYPER__LIMITS__MAX_CONNECTIONS=5`.

use std::process::ExitCode;

use transom::features::{MaxRequestBodySize, ServerAddresses};
use transom::hosting::Settings;
use transom::hyper::HyperConfiguration;
use transom::{Error, Host, HyperServer, Request, RequestExt};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    transom::hosting::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_args()?;
    // The table `[hyper]` of all sources. What is wrong with it is told at once, each with its line.
    let configuration = HyperConfiguration::from_section(&settings.section("hyper")?)?;
    // What the file must not change is said here; it is asked again whenever the file was read.
    let configuration = configuration.with_limits(|limits| {
        let most = limits.max_connections().unwrap_or(10_000).min(10_000);
        limits.with_max_connections(Some(most))
    });

    Host::builder(HyperServer::default().with_configuration(configuration))
        .with_settings(settings)
        .configure(|app| {
            app.run_fn(|request: Request| async move {
                let limit = request
                    .feature::<MaxRequestBodySize>()
                    .and_then(|size| size.limit());
                // Endpoints come and go with the file.
                let addresses = request
                    .feature::<ServerAddresses>()
                    .map(|addresses| addresses.bound().len());
                format!("bodies of {limit:?} bytes, at {addresses:?} addresses\n")
            })
        })
        .run()
        .await
}
