use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use super::ByteStream;
use crate::features::ConnectionInfo;

/// `async fn(ByteStream, &ConnectionInfo) -> io::Result<ByteStream>`: middleware over the bytes of a connection,
/// below HTTP.
///
/// A layer may look at the bytes, change them, speak first, or refuse the connection with an error. It is called
/// once a connection, before anything was read, and has as long as the head of the first request
/// ([`Limits::with_request_head_timeout`](super::super::Limits::with_request_head_timeout)). A stream that it
/// returns
///
/// - passes on the end of either side, and errors;
/// - writes what it was given when it is flushed;
/// - wakes the task that polls it.
///
/// ```
/// use std::io;
///
/// use transom::features::ConnectionInfo;
/// use transom::hyper::middleware::{ByteStream, ConnectionLayer};
/// use transom::hyper::Endpoint;
///
/// /// Refuses connections from privileged ports.
/// struct Unprivileged;
///
/// impl ConnectionLayer for Unprivileged {
///     async fn wrap(&self, stream: ByteStream, info: &ConnectionInfo) -> io::Result<ByteStream> {
///         match info.remote().and_then(|remote| remote.socket_addr()) {
///             Some(remote) if remote.port() < 1024 => Err(io::ErrorKind::PermissionDenied.into()),
///             _ => Ok(stream),
///         }
///     }
/// }
///
/// let endpoint = Endpoint::new("http://127.0.0.1:0").with_connection_layer(Unprivileged);
/// assert!(format!("{endpoint:?}").contains("Unprivileged"));
/// ```
#[doc(alias = "ConnectionDelegate")]
pub trait ConnectionLayer: Send + Sync + 'static {
    /// Wraps the stream of a new connection.
    ///
    /// # Errors
    ///
    /// The connection is closed without a word.
    fn wrap(
        &self,
        stream: ByteStream,
        info: &ConnectionInfo,
    ) -> impl Future<Output = io::Result<ByteStream>> + Send;
}

/// The layers of an endpoint, the one nearest to the socket first.
#[derive(Clone, Default)]
pub(in crate::hyper) struct Layers(Vec<Arc<dyn ErasedLayer>>);

impl Layers {
    pub(in crate::hyper) fn push(&mut self, layer: impl ConnectionLayer) {
        self.0.push(Arc::new(layer));
    }

    pub(in crate::hyper) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) async fn wrap(
        &self,
        mut stream: ByteStream,
        info: &ConnectionInfo,
    ) -> io::Result<ByteStream> {
        for layer in &self.0 {
            stream = layer.wrap(stream, info).await?;
        }
        Ok(stream)
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|layer| layer.type_name());
        f.debug_list().entries(names).finish()
    }
}

type Wrapping<'a> = Pin<Box<dyn Future<Output = io::Result<ByteStream>> + Send + 'a>>;

trait ErasedLayer: Send + Sync {
    fn wrap<'a>(&'a self, stream: ByteStream, info: &'a ConnectionInfo) -> Wrapping<'a>;
    fn type_name(&self) -> &'static str;
}

impl<L: ConnectionLayer> ErasedLayer for L {
    fn wrap<'a>(&'a self, stream: ByteStream, info: &'a ConnectionInfo) -> Wrapping<'a> {
        Box::pin(ConnectionLayer::wrap(self, stream, info))
    }

    fn type_name(&self) -> &'static str {
        std::any::type_name::<L>()
    }
}
