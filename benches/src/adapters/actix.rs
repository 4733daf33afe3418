//! actix-http on one worker thread.

use std::convert::Infallible;
use std::net::TcpListener;

use actix_http::header::{CONTENT_TYPE, HeaderValue};
use actix_http::{HttpService, Response};
use transom_actix::ActixServer;

use super::entry::{Result, hosted};
use crate::GREETING;
use crate::servers::{end_of_input, listening};

pub(super) fn native() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listening(listener.local_addr()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let server = actix_server::Server::build()
            .workers(1)
            .disable_signals()
            .listen("greeting", listener, || {
                let greet = |_| async {
                    let mut response = Response::ok().set_body(GREETING);
                    let kind = HeaderValue::from_static("text/plain");
                    response.headers_mut().insert(CONTENT_TYPE, kind);
                    Ok::<_, Infallible>(response)
                };
                HttpService::build().finish(greet).tcp()
            })?
            .run();
        let handle = server.handle();
        let server = tokio::spawn(server);
        end_of_input().await;
        handle.stop(false).await;
        Ok(server.await??)
    })
}

pub(super) fn adapted() -> Result<()> {
    hosted(ActixServer::new("http://127.0.0.1:0").with_workers(1))
}
