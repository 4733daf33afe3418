//! A server for the checks with programs that were not written here.
//!
//! `transom-external [OPTION]... [-- LIMIT=SECONDS... certificate=FILE client-authorities=FILE]`: the options are
//! those of every host (`--help`); the limits are `head`, `keep-alive` and `rate-grace`, for checks that cannot
//! wait as long as the defaults; the files are for addresses of `https`.

mod answers;
mod tls;

use std::ffi::OsStr;
use std::process::ExitCode;
use std::time::Duration;

use transom::hosting::{Servers, Settings};
use transom::hyper::{Endpoint, Limits, MinDataRate};
use transom::{ApplicationBuilder, Error, Host, HyperServer};
use transom_middleware::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};
use transom_middleware::health_checks::{HealthChecksLayer, Probe};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_ansi(false).init();
    transom::hosting::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_args()?;
    let arguments = settings.application_arguments().iter();
    let (tls, limits) = tls::take(arguments.map(AsRef::as_ref));
    let limits =
        (limits.into_iter()).try_fold(Limits::default(), |limits, given| limited(limits, given))?;
    let servers = Servers::new()
        .with("hyper", move || {
            let server = HyperServer::default().with_limits(limits.clone());
            match &tls {
                Some(tls) => server.with_tls(tls.clone()),
                None => server,
            }
        })
        // Sockets that systemd opened: all of them, or one by its name.
        .with("inherited", HyperServer::from_environment)
        .with("web", || {
            HyperServer::default().with_endpoint(Endpoint::inherited("web"))
        });
    Host::choose(&servers, settings)?
        .with_systemd()
        .try_configure(pipeline)
        .run()
        .await
}

/// What a program behind a proxy has before its routes.
fn pipeline(app: ApplicationBuilder) -> Result<transom::App, Error> {
    let health = HealthChecksLayer::new()
        .with_path(Probe::Readiness, "/health")
        .map_err(|error| Error::configuration(error.to_string()))?;
    let forwarded = ForwardedHeadersLayer::new([
        ForwardedPart::For,
        ForwardedPart::Proto,
        ForwardedPart::Host,
    ]);
    Ok(app.layer(health).layer(forwarded).run(answers::router()))
}

/// Sets the limit that `name=seconds` says.
fn limited(limits: Limits, given: &OsStr) -> Result<Limits, Error> {
    let wrong = || {
        Error::configuration(format!(
            "`{}` is no limit; write it like `head=2`",
            given.display()
        ))
    };
    let (name, value) = given
        .to_str()
        .and_then(|given| given.split_once('='))
        .ok_or_else(wrong)?;
    let time = value
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(wrong)?;
    let rate = MinDataRate::new(MinDataRate::default().bytes_per_second(), time);
    Ok(match name {
        "head" => limits.with_request_head_timeout(Some(time)),
        "keep-alive" => limits.with_keep_alive_timeout(Some(time)),
        "rate-grace" => limits
            .with_min_request_body_rate(Some(rate))
            .with_min_response_rate(Some(rate)),
        _ => return Err(wrong()),
    })
}
