use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::Tls;
use crate::body::BoxError;
use crate::features::ConnectionInfo;

/// What a client says before anything is agreed on: see [`Tls::with_handshake`].
#[doc(alias = "TlsHandshakeCallbackContext")]
#[derive(Clone, Debug)]
pub struct ClientHello {
    server_name: Option<String>,
    protocols: Vec<Vec<u8>>,
    connection: ConnectionInfo,
}

impl ClientHello {
    pub(super) fn new(
        hello: &rustls::server::ClientHello<'_>,
        connection: &ConnectionInfo,
    ) -> Self {
        let protocols = hello.alpn().into_iter().flatten();
        Self {
            server_name: hello.server_name().map(str::to_ascii_lowercase),
            protocols: protocols.map(<[u8]>::to_vec).collect(),
            connection: connection.clone(),
        }
    }

    /// Returns the name of the server that the client asks for, in lower case.
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// Returns the protocols that the client offers by ALPN, in its order.
    pub fn protocols(&self) -> impl Iterator<Item = &[u8]> {
        self.protocols.iter().map(Vec::as_slice)
    }

    /// Returns what is known of the connection.
    pub fn connection(&self) -> &ConnectionInfo {
        &self.connection
    }
}

/// A function that chooses what to answer a client with.
#[derive(Clone)]
pub(super) struct Choose(Arc<dyn Fn(ClientHello) -> Chosen + Send + Sync>);

type Chosen = Pin<Box<dyn Future<Output = Result<Option<Tls>, BoxError>> + Send>>;

impl Choose {
    pub(super) fn new<F, C>(choose: F) -> Self
    where
        F: Fn(ClientHello) -> C + Send + Sync + 'static,
        C: Future<Output = Result<Option<Tls>, BoxError>> + Send + 'static,
    {
        Self(Arc::new(move |hello| Box::pin(choose(hello))))
    }

    pub(super) fn call(&self, hello: ClientHello) -> Chosen {
        (self.0)(hello)
    }
}

impl fmt::Debug for Choose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Choose")
    }
}
