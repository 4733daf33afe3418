//! What every connection of a server shares.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use transom::Shutdown;
use transom::adapter::Dispatcher;
use trillium_http::HttpContext;

use crate::wire::Timeouts;

pub(crate) struct Hub<A> {
    pub(crate) dispatcher: Dispatcher<A>,
    pub(crate) context: Arc<HttpContext>,
    pub(crate) timeouts: Timeouts,
    pub(crate) handshake_timeout: Option<Duration>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) shutdown: Shutdown,
}
