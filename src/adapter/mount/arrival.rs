use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, PoisonError};

use crate::features::{
    ConnectionInfo, PathBase, Scheme, TlsInfo, Transport, UpgradeError, Upgraded,
};

/// How a request came to a [`Mount`](super::Mount): what the framework knows and the request does not say.
///
/// By default it came over TCP and in cleartext, from nobody knows where, and cannot be upgraded.
///
/// Clones share their connection: where the framework keeps something for each connection, keep an arrival
/// there, and each request has a clone of it. Then the requests of a connection have one
/// [`ConnectionId`](crate::features::ConnectionId).
///
/// The mount as a tower service takes it from the extensions of the request, where a layer has put it:
///
/// ```
/// use axum::extract::ConnectInfo;
/// use std::net::SocketAddr;
/// use transom::adapter::Arrival;
/// use transom::features::{ConnectionInfo, Endpoint, Transport};
///
/// // `router.layer(axum::middleware::map_request(arrival))`, of a router that is served by
/// // `into_make_service_with_connect_info::<SocketAddr>()`
/// async fn arrival<B>(
///     ConnectInfo(peer): ConnectInfo<SocketAddr>,
///     mut request: http::Request<B>,
/// ) -> http::Request<B> {
///     let info = ConnectionInfo::new(Transport::Tcp).with_remote(Endpoint::Tcp(peer));
///     request.extensions_mut().insert(Arrival::new(info));
///     request
/// }
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let request = arrival(ConnectInfo(([192, 0, 2, 7], 51000).into()), http::Request::new(())).await;
/// assert!(request.extensions().get::<Arrival>().is_some());
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "it is for a mount"]
pub struct Arrival {
    pub(super) info: ConnectionInfo,
    /// How many requests the connection has had.
    pub(super) requests: Arc<AtomicU32>,
    pub(super) scheme: Scheme,
    pub(super) tls: Option<TlsInfo>,
    pub(super) base: Option<PathBase>,
    pub(super) connecting: Option<Connecting>,
}

/// What an upgraded connection comes from; shared, as extensions of a request are cloned.
pub(super) type Connecting = Arc<Mutex<Option<ConnectionFuture>>>;

pub(super) type ConnectionFuture =
    Pin<Box<dyn Future<Output = Result<Upgraded, UpgradeError>> + Send>>;

impl Arrival {
    /// Says on which connection.
    pub fn new(info: ConnectionInfo) -> Self {
        Self {
            info,
            requests: Arc::default(),
            scheme: Scheme::Http,
            tls: None,
            base: None,
            connecting: None,
        }
    }

    /// Sets the scheme; `http` by default.
    pub fn with_scheme(self, scheme: Scheme) -> Self {
        Self { scheme, ..self }
    }

    /// Sets what is known of the connection's TLS.
    pub fn with_tls(self, tls: TlsInfo) -> Self {
        let tls = Some(tls);
        Self { tls, ..self }
    }

    /// Sets where the mount is: the path of the request begins with it, and the mount takes it off.
    pub fn with_path_base(self, base: PathBase) -> Self {
        let base = Some(base);
        Self { base, ..self }
    }

    /// Says that the request may take the connection over: the future ends with it, after the framework has
    /// sent a 101. The mount offers it only if the request asks for it, and drops it unless the application
    /// accepts and answers 101.
    pub fn with_upgrade(
        self,
        connection: impl Future<Output = Result<Upgraded, UpgradeError>> + Send + 'static,
    ) -> Self {
        let connection: ConnectionFuture = Box::pin(connection);
        let connecting = Some(Arc::new(Mutex::new(Some(connection))));
        Self { connecting, ..self }
    }

    /// Takes the future of the upgraded connection, which can be done once.
    pub(super) fn take_connecting(&mut self) -> Option<ConnectionFuture> {
        let connecting = self.connecting.take()?;
        connecting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Default for Arrival {
    fn default() -> Self {
        Self::new(ConnectionInfo::new(Transport::Tcp))
    }
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("info", &self.info)
            .field("scheme", &self.scheme)
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}
