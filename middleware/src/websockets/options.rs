use std::sync::Arc;
use std::time::Duration;

use http::Request;
use transom::features::{RequestExt, ServerLifetime, Upgrade};

use super::handshake::{self, HandshakeError};
use super::origins::Origins;
use super::protocols::Protocols;
use super::{InvalidOrigin, InvalidProtocol, WebSocketUpgrade};

/// Accepts WebSockets. See the [module](super).
#[doc(alias = "WebSocketOptions")]
#[doc(alias = "WebSocketAcceptContext")]
#[derive(Clone, Debug)]
pub struct WebSockets {
    protocols: Arc<Protocols>,
    origins: Arc<Origins>,
    max_message_size: usize,
    times: Times,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) keep_alive_interval: Option<Duration>,
    pub(super) keep_alive_timeout: Option<Duration>,
    pub(super) close: Duration,
}

impl WebSockets {
    /// Accepts WebSockets of pages of this host and of whatever is no browser, without a sub-protocol.
    pub fn new() -> Self {
        let times = Times {
            keep_alive_interval: Some(Duration::from_secs(30)),
            keep_alive_timeout: Some(Duration::from_secs(20)),
            close: Duration::from_secs(5),
        };
        Self {
            protocols: Arc::default(),
            origins: Arc::default(),
            max_message_size: 1 << 20,
            times,
        }
    }

    /// Sets the sub-protocols that are spoken here, the best first. The first that the client asks for is agreed upon;
    /// if it asks for none of them, [none is](WebSocketUpgrade::protocol). None by default.
    ///
    /// # Errors
    ///
    /// The first that is not a token of HTTP.
    #[doc(alias = "SubProtocol")]
    pub fn with_protocols<P: AsRef<str>>(
        mut self,
        protocols: impl IntoIterator<Item = P>,
    ) -> Result<Self, InvalidProtocol> {
        self.protocols = Arc::new(Protocols::new(protocols)?);
        Ok(self)
    }

    /// Allows the pages of these origins too, written as browsers do: `https://www.example.com`, with a port if it is
    /// not that of the scheme. None by default: pages of the host that was asked, and no others.
    ///
    /// # Errors
    ///
    /// The first that is no origin.
    pub fn with_allowed_origins<O: AsRef<str>>(
        mut self,
        origins: impl IntoIterator<Item = O>,
    ) -> Result<Self, InvalidOrigin> {
        self.origins = Arc::new(Origins::listed(origins)?);
        Ok(self)
    }

    /// Allows the pages of every origin, as ASP.NET does by default. Whoever uses cookies, or an address, to tell
    /// people apart must not: see the [module](super#origins).
    #[must_use]
    pub fn with_any_origin(mut self) -> Self {
        self.origins = Arc::new(Origins::Any);
        self
    }

    /// Sets how long a message of the client's may be, in bytes, in however many frames it comes. 1 MiB by default.
    /// One that is longer closes the WebSocket with 1009. A frame gets its room as soon as it is announced: with the
    /// number of connections, this is what clients can claim.
    #[must_use]
    pub fn with_max_message_size(mut self, bytes: usize) -> Self {
        self.max_message_size = bytes;
        self
    }

    /// Sets after how long a silence the client is sent a ping; `None` for never. 30 s by default, which is less than
    /// proxies wait.
    #[must_use]
    pub fn with_keep_alive_interval(mut self, interval: Option<Duration>) -> Self {
        self.times.keep_alive_interval = interval;
        self
    }

    /// Sets how long the client has to give a sign of life after a ping; `None` for ever. 20 s by default. One that
    /// gives none is given up.
    #[must_use]
    pub fn with_keep_alive_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.times.keep_alive_timeout = timeout;
        self
    }

    /// Sets how long an end may take: for what is not sent yet, for the client's answer to a close, and for the
    /// application to notice that the connection is over. 5 s by default.
    #[must_use]
    pub fn with_close_timeout(mut self, timeout: Duration) -> Self {
        self.times.close = timeout;
        self
    }

    /// Checks what the client sent, and takes its connection. What it gets for that is the response of
    /// [`WebSocketUpgrade::run`]; any other response calls it off.
    ///
    /// # Errors
    ///
    /// The request opens no WebSocket, not in the right way, or from a page that may not; or the server does not hand
    /// its connection over. [`HandshakeError::into_response`] tells the client.
    #[doc(alias = "AcceptWebSocketAsync")]
    pub fn accept<B>(&self, request: &Request<B>) -> Result<WebSocketUpgrade, HandshakeError> {
        let refused = |error: &HandshakeError| {
            tracing::debug!(%error, status = error.status().as_u16(), "a WebSocket was refused");
        };
        self.check(request).inspect_err(refused)
    }

    fn check<B>(&self, request: &Request<B>) -> Result<WebSocketUpgrade, HandshakeError> {
        let opening = handshake::read(request)?;
        let asked = self.protocols.choose(request.headers());
        let protocol = asked.ok_or_else(HandshakeError::protocols)?;
        if !self.origins.allow(request) {
            return Err(HandshakeError::origin());
        }
        let runtime = tokio::runtime::Handle::try_current();
        let runtime = runtime.map_err(|_| HandshakeError::unsupported())?;
        let offer = request.feature::<dyn Upgrade>();
        let offer = offer.ok_or_else(HandshakeError::unsupported)?;
        let upgrading = offer.accept().map_err(HandshakeError::not_upgraded)?;
        let lifetime = request.feature::<ServerLifetime>().cloned();
        Ok(WebSocketUpgrade {
            opening,
            protocol: protocol.cloned(),
            upgrading,
            runtime,
            lifetime,
            max_message_size: self.max_message_size,
            times: self.times,
        })
    }
}

impl Default for WebSockets {
    fn default() -> Self {
        Self::new()
    }
}
