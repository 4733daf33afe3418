use std::fmt;
use std::future::Future;

use http::HeaderValue;
use tokio::runtime::Handle;
use tracing::Instrument as _;
use transom::Response;
use transom::features::{ServerLifetime, Upgrading};

use super::handshake::Opening;
use super::options::Times;
use super::talk::{Talk, talk};
use super::{WebSocket, driver};

/// A WebSocket that can be opened; see [`WebSockets::accept`](super::WebSockets::accept). Dropping it calls it off.
#[must_use = "the WebSocket is opened by the response of `run`"]
pub struct WebSocketUpgrade {
    pub(super) opening: Opening,
    pub(super) protocol: Option<HeaderValue>,
    pub(super) upgrading: Upgrading,
    pub(super) runtime: Handle,
    pub(super) lifetime: Option<ServerLifetime>,
    pub(super) max_message_size: usize,
    pub(super) times: Times,
}

impl WebSocketUpgrade {
    /// Returns the sub-protocol that is agreed upon: `None` if the client asked for none of
    /// [those that are spoken](super::WebSockets::with_protocols). A browser that asked for some, and gets none, ends the
    /// connection.
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_ref()?.to_str().ok()
    }

    /// Returns the response that opens the WebSocket, and lets `handler` speak with the client once it is sent.
    ///
    /// The handler runs in a task of the current tokio runtime, in the current span of `tracing`. When it returns the
    /// connection is closed with 1000, and when it panics, with 1011. The task belongs to the connection, and that to
    /// the server: when the connection is over, whoever ended it, the handler has the
    /// [close timeout](super::WebSockets::with_close_timeout) to come to its end, and is dropped then.
    pub fn run<H, F>(self, handler: H) -> Response
    where
        H: FnOnce(WebSocket) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let stopping = self.lifetime.map(|lifetime| -> driver::Stopping {
            Box::pin(async move { lifetime.stopping().await })
        });
        let talk = talk(Talk {
            upgrading: self.upgrading,
            stopping,
            protocol: self.protocol.clone(),
            max_message_size: self.max_message_size,
            times: self.times,
            handler,
        });
        self.runtime.spawn(talk.in_current_span());
        self.opening.response(self.protocol)
    }
}

impl fmt::Debug for WebSocketUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketUpgrade")
            .field("opening", &self.opening)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}
