//! An application that is mounted in Rocket keeps the contract, but for what the framework lacks.

use std::io;
use std::process::ExitCode;

use rocket::Config;
use rocket::config::{LogLevel, Shutdown};
use transom::features::ServerInfo;
use transom_conformance::{Hosted, Hosting, Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../conformance.toml");
    let rocket = || ServerInfo::new("Rocket", "0.5");
    let start = move || Hosted::new(rocket(), serve).binding_itself();
    run(Target::new(manifest, start))
}

async fn serve(hosting: Hosting) -> io::Result<()> {
    let address = hosting.listener.local_addr()?;
    let config = Config {
        address: address.ip(),
        port: address.port(),
        log_level: LogLevel::Off,
        shutdown: Shutdown {
            ctrlc: false,
            signals: Default::default(),
            // Rocket cuts what goes on after these seconds: a test that relied on them would be one of the machine.
            grace: 0,
            mercy: 0,
            ..Shutdown::default()
        },
        ..Config::default()
    };
    let rocket = rocket::custom(config).mount("/", transom_rocket::routes(&hosting.mount));
    let rocket = rocket.ignite().await.map_err(io::Error::other)?;
    let (stop, shutdown) = (rocket.shutdown(), hosting.shutdown);
    let stopping = async move {
        shutdown.requested().await;
        stop.notify();
        Ok(())
    };
    drop(hosting.listener);
    let serving = async { rocket.launch().await.map(drop).map_err(io::Error::other) };
    tokio::try_join!(serving, stopping)?;
    Ok(())
}
