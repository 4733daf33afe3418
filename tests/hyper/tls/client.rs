//! A client of rustls.

use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Authority, Signed};
use crate::support::{Running, within};

/// How to connect.
#[derive(Clone)]
pub(super) struct TlsClient {
    config: ClientConfig,
}

/// A connection whose handshake is done, as far as the client can tell.
pub(super) struct Connected<S = TcpStream>(pub(super) TlsStream<S>);

impl TlsClient {
    pub(super) fn new(trusts: &Authority) -> Self {
        Self::of(trusts, None, rustls::ALL_VERSIONS)
    }

    pub(super) fn of(
        trusts: &Authority,
        shows: Option<&Signed>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(trusts.roots());
        let mut config = match shows {
            None => builder.with_no_client_auth(),
            Some(signed) => {
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signed.key_der.clone()));
                let chain = vec![signed.der.clone().into()];
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.resumption = Resumption::disabled();
        Self { config }
    }

    /// Offers protocols.
    pub(super) fn alpn(mut self, protocols: &[&str]) -> Self {
        let names = protocols.iter().map(|name| name.as_bytes().to_vec());
        self.config.alpn_protocols = names.collect();
        self
    }

    /// Takes earlier sessions up.
    pub(super) fn resuming(mut self) -> Self {
        self.config.resumption = Resumption::in_memory_sessions(8);
        self
    }

    /// Sends no name.
    pub(super) fn nameless(mut self) -> Self {
        self.config.enable_sni = false;
        self
    }

    pub(super) async fn connect(&self, server: &Running, name: &str) -> io::Result<Connected> {
        let socket = TcpStream::connect(server.address).await?;
        self.over(socket, name).await
    }

    pub(super) async fn over<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        socket: S,
        name: &str,
    ) -> io::Result<Connected<S>> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connector = TlsConnector::from(Arc::new(self.config.clone()));
        within(connector.connect(name, socket)).await.map(Connected)
    }

    /// Sends a request of HTTP/1.1 on a connection of its own, and returns the body of the answer.
    pub(super) async fn get(&self, server: &Running, name: &str) -> io::Result<String> {
        self.connect(server, name).await?.get(name).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connected<S> {
    pub(super) async fn get(mut self, host: &str) -> io::Result<String> {
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        self.send(request).await?;
        let answer = self.rest().await?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        Ok(body.to_owned())
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        within(self.0.write_all(bytes.as_ref())).await?;
        within(self.0.flush()).await
    }

    /// Reads until the text ends with `end`.
    pub(super) async fn until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            match within(self.0.read_u8()).await {
                Ok(byte) => read.push(byte),
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&read)),
            }
        }
        String::from_utf8_lossy(&read).into_owned()
    }

    /// Reads until the server ends the connection in the way of TLS.
    pub(super) async fn rest(&mut self) -> io::Result<String> {
        let mut read = Vec::new();
        within(self.0.read_to_end(&mut read)).await?;
        Ok(String::from_utf8_lossy(&read).into_owned())
    }

    /// Returns the certificate that the server showed.
    pub(super) fn shown(&self) -> &[u8] {
        &self.0.get_ref().1.peer_certificates().unwrap()[0]
    }
}
