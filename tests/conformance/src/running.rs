use std::fmt;
use std::sync::{Mutex, PoisonError};

use tokio::task::JoinHandle;
use transom::contract::ShutdownTrigger;
use transom::{Application, BoundServer, Error, Features, Server, Shutdown};

use crate::client::{Connection, Frames, Identity, Protocol, Wire, is_secure};
use crate::{Failure, Outcome, within};

/// A server that serves. Dropping it drops the future of `serve`, which aborts everything.
pub struct Running {
    features: Features,
    trigger: ShutdownTrigger,
    serving: Mutex<Option<JoinHandle<Result<(), Error>>>>,
}

impl Running {
    /// Binds a server, and serves on a task.
    ///
    /// # Errors
    ///
    /// The server does not bind.
    pub async fn start(server: impl Server, app: impl Application) -> Outcome<Self> {
        Ok(Self::serve(within("binding", server.bind()).await??, app))
    }

    /// Serves on a task what is bound already.
    pub(crate) fn serve(bound: impl BoundServer, app: impl Application) -> Self {
        let features = bound.features().clone();
        let (trigger, shutdown) = Shutdown::pair();
        let serving = tokio::spawn(async move { bound.serve(app, shutdown).await });
        Self {
            features,
            trigger,
            serving: Mutex::new(Some(serving)),
        }
    }

    /// Returns the features of the server.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// Opens a connection of a protocol.
    ///
    /// # Errors
    ///
    /// The server cannot be reached that way.
    pub async fn connect(&self, protocol: Protocol) -> Outcome<Connection> {
        Connection::open(protocol, &self.features).await
    }

    /// As [`connect`](Self::connect), showing a certificate if the server asks for one.
    pub(crate) async fn connect_showing(
        &self,
        protocol: Protocol,
        identity: Option<&Identity>,
    ) -> Outcome<Connection> {
        Connection::open_as(protocol, &self.features, identity, None).await
    }

    /// As [`connect`](Self::connect), with room for so many bytes: over HTTP/2 the client says nothing while it reads them.
    pub(crate) async fn connect_roomy(
        &self,
        protocol: Protocol,
        bytes: u32,
    ) -> Outcome<Connection> {
        Connection::open_as(protocol, &self.features, None, Some(bytes)).await
    }

    /// Opens a socket to write bytes of HTTP/1.1 on.
    ///
    /// # Errors
    ///
    /// The server has no socket.
    pub async fn wire(&self) -> Outcome<Wire> {
        Wire::open(&self.features, "http/1.1").await
    }

    /// Opens a socket to write bytes of HTTP/2 on.
    ///
    /// # Errors
    ///
    /// The server has no socket, or does not agree to HTTP/2.
    pub async fn wire_of_http2(&self) -> Outcome<Wire> {
        Wire::open(&self.features, "h2").await
    }

    /// Opens a connection of HTTP/2 to send frames on.
    ///
    /// # Errors
    ///
    /// As [`wire_of_http2`](Self::wire_of_http2).
    pub async fn frames(&self) -> Outcome<Frames> {
        let scheme = match is_secure(&self.features) {
            true => "https",
            false => "http",
        };
        Frames::open(self.wire_of_http2().await?, scheme).await
    }

    /// As [`wire`](Self::wire), but without TLS where the server speaks it.
    ///
    /// # Errors
    ///
    /// The server cannot be reached that way.
    pub async fn unsecured(&self) -> Outcome<Wire> {
        Wire::open_unsecured(&self.features).await
    }

    /// Asks the server to stop.
    pub fn request_stop(&self) {
        self.trigger.request();
    }

    /// Waits until the server has ended by itself, which it does after [`request_stop`](Self::request_stop).
    ///
    /// # Errors
    ///
    /// It failed, or did not end within the deadline.
    pub async fn ended(&self) -> Outcome {
        let serving = self
            .take()
            .ok_or_else(|| Failure::new("it has ended before"))?;
        let mut serving = AbortOnDrop(serving);
        Ok(within("the end of the server", &mut serving.0).await???)
    }

    /// Drops the future of `serve`.
    pub async fn abort(&self) {
        if let Some(serving) = self.take() {
            serving.abort();
            // Ends once the future is dropped.
            let _ = serving.await;
        }
    }

    fn take(&self) -> Option<JoinHandle<Result<(), Error>>> {
        let mut serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner);
        serving.take()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(serving) = self.take() {
            serving.abort();
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("features", &self.features)
            .finish_non_exhaustive()
    }
}

struct AbortOnDrop(JoinHandle<Result<(), Error>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
