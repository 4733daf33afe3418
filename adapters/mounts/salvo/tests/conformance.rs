//! An application that is mounted in salvo keeps the contract, but for what the framework lacks.

use std::io;
use std::process::ExitCode;

use salvo_core::conn::tcp::TcpAcceptor;
use salvo_core::{Router, Server};
use tokio::net::TcpListener;
use transom::features::ServerInfo;
use transom_conformance::{Hosted, Hosting, Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../conformance.toml");
    let salvo = || ServerInfo::new("salvo", "1.1");
    run(Target::new(manifest, move || Hosted::new(salvo(), serve)))
}

async fn serve(hosting: Hosting) -> io::Result<()> {
    let acceptor = TcpAcceptor::try_from(TcpListener::from_std(hosting.listener)?)?;
    let mount = hosting.mount.with_response_trailers();
    let router = Router::with_path("{**rest}").goal(transom_salvo::handler(&mount));
    let server = Server::new(acceptor);
    let handle = server.handle();
    let shutdown = hosting.shutdown;
    let stopping = async move {
        shutdown.requested().await;
        handle.stop_graceful(None);
        Ok(())
    };
    let (served, _) = tokio::try_join!(server.try_serve(router), stopping)?;
    Ok(served)
}
