use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use transom::features::TlsInfo;

use crate::{Stream, tls_info};

/// What is agreed on with the clients of an `https` address.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    timeout: Duration,
}

impl Tls {
    /// Takes the settings of rustls, which are to offer HTTP/2 and HTTP/1.1 unless they name protocols already, and how
    /// long a client may take for the handshake.
    pub fn new(mut config: Arc<ServerConfig>, timeout: Duration) -> Self {
        if config.alpn_protocols.is_empty() {
            let config = Arc::make_mut(&mut config);
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        }
        Self { config, timeout }
    }

    /// Does the handshake.
    ///
    /// # Errors
    ///
    /// The client does not speak TLS, nothing can be agreed on, or it took too long.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the socket.
    pub async fn accept<S>(&self, socket: S) -> io::Result<(Stream<S>, TlsInfo)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let accept = TlsAcceptor::from(Arc::clone(&self.config)).accept(socket);
        let stream = tokio::time::timeout(self.timeout, accept).await??;
        let info = tls_info(stream.get_ref().1);
        Ok((Stream::Tls(Box::new(stream)), info))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
