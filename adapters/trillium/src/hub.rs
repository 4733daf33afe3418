//! What every connection of a server shares.

use std::sync::Arc;

use transom::Shutdown;
use transom::adapter::Dispatcher;
use transom_adapter_tokio::Tls;
use trillium_http::HttpContext;

use crate::wire::Timeouts;

pub(crate) struct Hub<A> {
    pub(crate) dispatcher: Dispatcher<A>,
    pub(crate) context: Arc<HttpContext>,
    pub(crate) timeouts: Timeouts,
    pub(crate) tls: Option<Tls>,
    pub(crate) shutdown: Shutdown,
}
