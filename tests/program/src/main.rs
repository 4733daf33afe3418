//! A program as a user writes it: servers to choose from, settings, a pipeline, signals, an exit code.

mod seen;

use std::process::ExitCode;

use futures_util::{StreamExt, stream};
use transom::hosting::{Servers, Settings};
#[cfg(unix)]
use transom::hyper::Endpoint;
use transom::testing::TestServer;
use transom::{Body, Error, Host, HyperServer, Response};
use transom_middleware::iis::UseIis;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_ansi(false).init();
    transom::hosting::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_args()?;
    let servers = Servers::new()
        .with("hyper", HyperServer::default)
        .with("memory", TestServer::new);
    // Sockets that were opened by whoever started the program.
    #[cfg(unix)]
    let servers = servers
        .with("inherited", HyperServer::from_environment)
        .with("web", || {
            HyperServer::default().with_endpoint(Endpoint::inherited("web"))
        });
    let host = Host::choose(&servers, settings)?;
    #[cfg(target_os = "linux")]
    let host = host.with_systemd();
    host.use_iis()?
        .configure(|app| {
            app.map("/endless", |endless| endless.run_fn(endless_answer))
                .map("/seen", |seen| seen.run_fn(seen::tell))
                .map("/echo", |echo| echo.run_fn(seen::echo))
                .run_fn(|_| async { "hello" })
        })
        .run()
        .await
}

/// Begins to answer, and never ends: something for a stop to wait for.
async fn endless_answer(_request: transom::Request) -> Response {
    let begin = stream::once(async { Ok::<_, Error>("begun") });
    Response::new(Body::from_stream(begin.chain(stream::pending())))
}
