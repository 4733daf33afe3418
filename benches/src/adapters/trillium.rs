//! trillium-http, on sockets of tokio.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use transom_trillium::TrilliumServer;
use trillium_http::{Conn, HttpContext, KnownHeaderName};

use super::entry::{Result, hosted};
use crate::GREETING;
use crate::servers::{end_of_input, listening};

pub(super) fn native() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        listening(listener.local_addr()?)?;
        let context = Arc::new(HttpContext::new());
        let accepting = async {
            loop {
                let (socket, _) = listener.accept().await?;
                socket.set_nodelay(true)?;
                tokio::spawn(Arc::clone(&context).run(Io(socket), greet));
            }
        };
        tokio::select! {
            failed = accepting => failed,
            () = end_of_input() => Ok(()),
        }
    })
}

pub(super) fn adapted() -> Result<()> {
    hosted(TrilliumServer::new("http://127.0.0.1:0"))
}

async fn greet(mut conn: Conn<Io>) -> Conn<Io> {
    let fields = conn.response_headers_mut();
    fields.insert(KnownHeaderName::ContentType, "text/plain");
    conn.set_response_body(GREETING);
    conn.set_status(200);
    conn
}

/// A socket as the engine takes one.
struct Io(TcpStream);

impl AsyncRead for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.get_mut().0).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}
