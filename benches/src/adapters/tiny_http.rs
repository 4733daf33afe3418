//! tiny_http, with one thread that answers.

use std::net::TcpListener;
use std::sync::Arc;

use tiny_http::{Header, Response, Server};
use transom_tiny_http::TinyHttpServer;

use super::entry::{Result, hosted};
use crate::GREETING;
use crate::servers::{end_of_input, listening};

pub(super) fn native() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listening(listener.local_addr()?)?;
    let server = Server::from_listener(listener, None).map_err(|error| error.to_string())?;
    let server = Arc::new(server);
    let stopping = Arc::clone(&server);
    let answering = std::thread::spawn(move || {
        let kind = Header::from_bytes("content-type", "text/plain");
        for request in server.incoming_requests() {
            let mut response = Response::from_string(GREETING);
            if let Ok(kind) = &kind {
                response.add_header(kind.clone());
            }
            // The client is gone, which is its own affair.
            let _ = request.respond(response);
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(end_of_input());
    stopping.unblock();
    answering
        .join()
        .map_err(|_| "the thread that answers panicked")?;
    Ok(())
}

pub(super) fn adapted() -> Result<()> {
    hosted(TinyHttpServer::new("http://127.0.0.1:0"))
}
