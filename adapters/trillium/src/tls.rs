//! The handshake of TLS.

use std::io;

use tokio_rustls::TlsAcceptor;

use crate::socket::Socket;

pub(crate) async fn accept(acceptor: &TlsAcceptor, socket: Socket) -> io::Result<Socket> {
    let stream = acceptor.accept(socket).await?;
    Ok(Socket::Tls(Box::new(stream)))
}
