//! pingora-core, by its own loop over the requests of a connection.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Response, header};
use pingora_core::apps::ServerApp as _;
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::l4::stream::Stream;
use tokio::net::TcpListener;
use tokio::sync::watch;
use transom_pingora::PingoraServer;

use super::entry::{Result, hosted};
use crate::GREETING;
use crate::servers::{end_of_input, greeting, listening};

pub(super) fn native() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        listening(listener.local_addr()?)?;
        let (_stop, shutdown) = watch::channel(false);
        let greet = Arc::new(Greet);
        let accepting = async {
            loop {
                let (socket, _) = listener.accept().await?;
                socket.set_nodelay(true)?;
                let (greet, shutdown) = (Arc::clone(&greet), shutdown.clone());
                tokio::spawn(async move {
                    let stream = Box::new(Stream::from(socket));
                    greet.process_new(stream, &shutdown).await;
                });
            }
        };
        tokio::select! {
            failed = accepting => failed,
            () = end_of_input() => Ok(()),
        }
    })
}

pub(super) fn adapted() -> Result<()> {
    hosted(PingoraServer::new("http://127.0.0.1:0"))
}

struct Greet;

#[async_trait]
impl ServeHttp for Greet {
    async fn response(&self, _: &mut ServerSession) -> Response<Vec<u8>> {
        let mut response = greeting(GREETING.as_bytes().to_vec());
        let length = GREETING.len().into();
        // The engine takes a response without it for one of chunks.
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
        response
    }
}
