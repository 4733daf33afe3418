//! A server for the checks with programs that were not written here.
//!
//! `transom-external [OPTION]... [-- NAME=VALUE...]`: the options are those of every host (`--help`). Of the
//! names, `head`, `keep-alive` and `rate-grace` are limits, in seconds, and `rate` is one in bytes a second, for
//! checks that cannot wait as long as the defaults; with `proxy` it listens on a port of this machine, and at that
//! address, which takes the PROXY protocol; `half-close` is `true` or `false`; `configuration` is a
//! file with endpoints, which is followed; `certificate` and
//! `client-authorities` are files for addresses of `https`, or else a certificate is ordered: `acme-name` once for
//! each of its names, `acme-cache`, `acme-directory` and `acme-authorities`.

mod answers;
mod arguments;
mod forwarded;
mod tls;

use std::process::ExitCode;

use transom::features::ServerInfo;
use transom::hosting::{Servers, Settings};
use transom::hyper::Endpoint;
use transom::{ApplicationBuilder, Error, Host, HyperServer};
use transom_cgi::{AjpServer, CgiServer, FastCgiServer, PathBaseSource, ScgiServer, UwsgiServer};
use transom_middleware::developer_error_page::DeveloperErrorPageLayer;
use transom_middleware::diagnostics::DiagnosticsLayer;
use transom_middleware::exception_handler::ExceptionHandlerLayer;
use transom_middleware::health_checks::{HealthChecksLayer, Probe};

use crate::arguments::Arguments;
use crate::forwarded::Forwarded;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_ansi(false).init();
    transom::hosting::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_args()?;
    let arguments = settings.application_arguments().iter();
    let (tls, others) = tls::take(arguments.map(AsRef::as_ref));
    let (forwarded, others) = forwarded::take(others)?;
    let arguments = Arguments::read(&others)?;
    let servers = Servers::new()
        .with("hyper", move || match &tls {
            Some(tls) => arguments.server().with_tls(tls.clone()),
            None => arguments.server(),
        })
        // Sockets that systemd opened: all of them, or one by its name.
        .with("inherited", HyperServer::from_environment)
        .with("web", || {
            HyperServer::default().with_endpoint(Endpoint::inherited("web"))
        })
        // What web servers speak with programs.
        .with("fastcgi", FastCgiServer::default)
        .with("fastcgi-inherited", FastCgiServer::from_environment)
        .with("scgi", ScgiServer::default)
        .with("uwsgi", UwsgiServer::default)
        .with("ajp", || AjpServer::default().with_secret("open-sesame"))
        .with("cgi", CgiServer::new)
        // ... which says below which path the program stands.
        .with("uwsgi-below", || {
            UwsgiServer::default().with_path_base(PathBaseSource::ScriptName)
        });
    Host::choose(&servers, settings)?
        .with_systemd()
        .try_configure(move |app| pipeline(app, &forwarded))
        .run()
        .await
}

/// What a program behind a proxy has before its routes.
fn pipeline(app: ApplicationBuilder, forwarded: &Forwarded) -> Result<transom::App, Error> {
    let health = HealthChecksLayer::new()
        .with_path(Probe::Readiness, "/health")
        .map_err(|error| Error::configuration(error.to_string()))?;
    let diagnostics = DiagnosticsLayer::of(&app);
    let app = app.layer(health).layer(diagnostics);
    let app = app.map("/fails", |app| {
        let page = DeveloperErrorPageLayer::of(&app);
        let app = app.layer(ExceptionHandlerLayer::new()).layer(page);
        app.run_fn(answers::fail)
    });
    let server = app.server_features().require::<ServerInfo>()?.name();
    // Whoever speaks something else than HTTP tells of its client in variables, and hands on what that wrote.
    let app = match server {
        "hyper" => forwarded.add_to(app)?,
        _ => app,
    };
    Ok(app.run(answers::router()))
}
