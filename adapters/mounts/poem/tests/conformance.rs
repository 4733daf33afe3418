//! An application that is mounted in poem keeps the contract, but for what the framework lacks.

use std::io;
use std::process::ExitCode;

use poem::listener::TcpAcceptor;
use poem::{Route, Server};
use transom::features::ServerInfo;
use transom_conformance::{Hosted, Hosting, Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../conformance.toml");
    let poem = || ServerInfo::new("poem", "3.1");
    run(Target::new(manifest, move || Hosted::new(poem(), serve)))
}

async fn serve(hosting: Hosting) -> io::Result<()> {
    let acceptor = TcpAcceptor::from_std(hosting.listener)?;
    let mount = hosting.mount.with_response_trailers();
    let app = Route::new().nest("/", transom_poem::endpoint(&mount));
    let shutdown = hosting.shutdown;
    let stop = async move { shutdown.requested().await };
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(app, stop, None)
        .await
}
