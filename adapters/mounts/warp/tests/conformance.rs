//! An application that is mounted in warp keeps the contract, but for what the framework lacks.

use std::io;
use std::process::ExitCode;

use tokio::net::TcpListener;
use transom::features::ServerInfo;
use transom_conformance::{Hosted, Hosting, Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../conformance.toml");
    let warp = || ServerInfo::new("warp", "0.4");
    run(Target::new(manifest, move || Hosted::new(warp(), serve)))
}

async fn serve(hosting: Hosting) -> io::Result<()> {
    let listener = TcpListener::from_std(hosting.listener)?;
    let shutdown = hosting.shutdown;
    warp::serve(transom_warp::filter(&hosting.mount))
        .incoming(listener)
        .graceful(async move { shutdown.requested().await })
        .run()
        .await;
    Ok(())
}
