//! xitca-http on one worker thread of xitca-server.

use std::convert::Infallible;
use std::net::TcpListener;

use http::Request;
use transom_xitca::XitcaServer;
use xitca_http::HttpServiceBuilder;
use xitca_http::body::{RequestBody, ResponseBody};
use xitca_http::config::HttpServiceConfig;
use xitca_http::http::RequestExt;
use xitca_server::Builder;
use xitca_service::{ServiceExt as _, fn_service};

use super::entry::{Result, hosted};
use crate::GREETING;
use crate::servers::{end_of_input, greeting, listening};

pub(super) fn native() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    listening(listener.local_addr()?)?;
    let greet = async |_: Request<RequestExt<RequestBody>>| {
        Ok::<_, Infallible>(greeting::<ResponseBody>(GREETING.into()))
    };
    let config = HttpServiceConfig::new().peek_protocol();
    let service = fn_service(greet).enclosed(HttpServiceBuilder::with_config(config));
    let mut server = Builder::new()
        .disable_signal()
        .worker_threads(1)
        .listen("greeting", listener, service)
        .build();
    let handle = server.handle()?;
    // It is a future that blocks when it ends.
    let serving = std::thread::spawn(move || server.wait());
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(end_of_input());
    handle.stop(false);
    Ok(serving.join().map_err(|_| "the server panicked")??)
}

pub(super) fn adapted() -> Result<()> {
    hosted(XitcaServer::new("http://127.0.0.1:0").with_workers(1))
}
