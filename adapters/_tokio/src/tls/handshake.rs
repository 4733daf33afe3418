use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;
use transom::Error;
use transom::features::{Scheme, ServerAddress, TlsInfo};

use super::info::tls_info;
use crate::{Socket, Stream, in_time};

/// What is agreed on with the clients of an `https` address.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    timeout: Duration,
}

impl Tls {
    /// Takes the settings of rustls, which are to offer HTTP/2 and HTTP/1.1 unless they name protocols already, and how
    /// long a client may take for the handshake; zero for no limit.
    pub fn new(mut config: Arc<ServerConfig>, timeout: Duration) -> Self {
        if config.alpn_protocols.is_empty() {
            let config = Arc::make_mut(&mut config);
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        }
        let acceptor = config.into();
        Self { acceptor, timeout }
    }

    /// Returns what a server with these settings and addresses needs.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] naming an address with `https`, if there are no settings for it: they are asked for
    /// by `with_tls`.
    pub fn for_addresses(
        requested: &[ServerAddress],
        config: Option<Arc<ServerConfig>>,
        timeout: Duration,
    ) -> Result<Option<Self>, Error> {
        let mut requested = requested.iter();
        let https = requested.find(|address| address.scheme() == Scheme::Https);
        match (config, https) {
            (None, Some(address)) => Err(Error::configuration(format!(
                "`{address}` asks for TLS, and the server has no certificate; call `with_tls`, or take `http`"
            ))),
            (config, _) => Ok(config.map(|config| Self::new(config, timeout))),
        }
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
    pub async fn accept(&self, socket: Socket) -> io::Result<(Stream, TlsInfo)> {
        let stream = in_time(self.timeout, self.acceptor.accept(socket)).await?;
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
