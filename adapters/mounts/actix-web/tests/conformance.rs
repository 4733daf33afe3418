//! An application that is mounted in actix-web keeps the contract, but for what the framework lacks.

use std::io;
use std::process::ExitCode;

use actix_web::{App, HttpServer};
use transom::features::ServerInfo;
use transom_actix_web::{on_connect, service};
use transom_conformance::{Hosted, Hosting, Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../conformance.toml");
    let actix_web = || ServerInfo::new("actix-web", "4.18");
    run(Target::new(manifest, move || {
        Hosted::new(actix_web(), serve)
    }))
}

async fn serve(hosting: Hosting) -> io::Result<()> {
    let mount = hosting.mount;
    let server = HttpServer::new(move || App::new().default_service(service(&mount)))
        .workers(2)
        .disable_signals()
        .on_connect(on_connect)
        .listen(hosting.listener)?
        .run();
    let handle = server.handle();
    let shutdown = hosting.shutdown;
    let stopping = async move {
        shutdown.requested().await;
        handle.stop(true).await;
    };
    let (served, ()) = futures_util::future::join(server, stopping).await;
    served
}
