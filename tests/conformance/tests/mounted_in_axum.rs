//! An application that is mounted in axum keeps the contract, but for what axum's server lacks.

use std::io;
use std::process::ExitCode;

use axum::Router;
use axum::extract::Request;
use axum::extract::connect_info::{ConnectInfo, Connected, IntoMakeServiceWithConnectInfo};
use axum::middleware::map_request;
use axum::serve::IncomingStream;
use tokio::net::TcpListener;
use transom::adapter::Arrival;
use transom::features::{ConnectionInfo, Endpoint, ServerInfo, Transport};
use transom_conformance::{Hosted, Hosting, Target, run};

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/axum.toml");
    let axum = || ServerInfo::new("axum", "0.8");
    run(Target::new(manifest, move || Hosted::new(axum(), serve)))
}

async fn serve(hosting: Hosting) -> io::Result<()> {
    let listener = TcpListener::from_std(hosting.listener)?;
    let app = Router::new().fallback_service(hosting.mount.with_response_trailers());
    let app: IntoMakeServiceWithConnectInfo<Router, Ends> = app
        .layer(map_request(arrival))
        .into_make_service_with_connect_info();
    let shutdown = hosting.shutdown;
    axum::serve(listener, app)
        .with_graceful_shutdown(async move { shutdown.requested().await })
        .await
}

/// Belongs to the connection, as axum has it: so its requests share it.
#[derive(Clone)]
struct Ends(Arrival);

impl Connected<IncomingStream<'_, TcpListener>> for Ends {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        let mut info =
            ConnectionInfo::new(Transport::Tcp).with_remote(Endpoint::Tcp(*stream.remote_addr()));
        if let Ok(local) = stream.io().local_addr() {
            info = info.with_local(Endpoint::Tcp(local));
        }
        Self(Arrival::new(info))
    }
}

async fn arrival(ConnectInfo(Ends(arrival)): ConnectInfo<Ends>, mut request: Request) -> Request {
    request.extensions_mut().insert(arrival);
    request
}
