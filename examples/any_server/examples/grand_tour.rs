//! The tour of `cargo run --example tour`, with every server that speaks HTTP and that this build has.
//!
//! `cargo run -p transom-any-server --all-features --example grand_tour`. A feature of this package that is left out
//! leaves its server out. Those behind a gateway (FastCGI, SCGI, uwsgi, AJP, CGI, Lambda) need one to be asked.

#[path = "../../tour/client.rs"]
mod client;
#[path = "../../tour/visit.rs"]
mod visit;

use std::process::ExitCode;

use transom::Host;
use transom::testing::TestServer;

#[tokio::main]
async fn main() -> ExitCode {
    let host = Host::builder(TestServer::new());
    #[cfg(feature = "hyper")]
    let host = host.with_server(transom::HyperServer::new(ANY_PORT));
    #[cfg(feature = "actix")]
    let host = host.with_server(transom_actix::ActixServer::new(ANY_PORT));
    #[cfg(feature = "pingora")]
    let host = host.with_server(transom_pingora::PingoraServer::new(ANY_PORT));
    #[cfg(feature = "tiny-http")]
    let host = host.with_server(transom_tiny_http::TinyHttpServer::new(ANY_PORT));
    #[cfg(feature = "trillium")]
    let host = host.with_server(transom_trillium::TrilliumServer::new(ANY_PORT));
    #[cfg(feature = "xitca")]
    let host = host.with_server(transom_xitca::XitcaServer::new(ANY_PORT));
    #[cfg(all(windows, feature = "http-sys"))]
    let host = host.with_server(transom_http_sys::HttpSysServer::new(ANY_PORT));
    transom::hosting::exit(visit::all(host).await)
}

const ANY_PORT: &str = "http://127.0.0.1:0";
