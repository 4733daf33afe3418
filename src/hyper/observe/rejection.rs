//! What the server refuses or ends by itself.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use http::StatusCode;

use super::RejectionReason;
use crate::features::{ConnectionInfo, ServerStatistics};

/// A request that the server refused by itself, or a connection that it refused or ended. The application
/// never hears of it.
///
/// ```
/// use std::sync::mpsc::channel;
/// use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
/// use transom::features::ServerAddresses;
/// use transom::{Body, BoundServer, HyperServer, Request, Response, Server, Shutdown};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let (sender, rejections) = channel();
/// let server = HyperServer::new("http://127.0.0.1:0")
///     .with_rejection_hook(move |rejection| drop(sender.send(rejection.clone())));
/// let bound = server.bind().await?;
/// let address = bound.features().require::<ServerAddresses>()?.bound()[0].connect_addr();
/// let app = |_: Request| async { Response::new(Body::from("hello")) };
/// let (_trigger, shutdown) = Shutdown::pair();
/// let serving = tokio::spawn(bound.serve(app, shutdown));
///
/// let mut client = tokio::net::TcpStream::connect(address.unwrap()).await?;
/// client.write_all(b"GET / HTTP/1.1\r\n\r\n").await?; // no Host
/// client.read_to_end(&mut Vec::new()).await?;
///
/// let rejection = rejections.try_recv()?;
/// assert_eq!(rejection.status().unwrap(), 400);
/// assert_eq!(rejection.reason().as_str(), "invalid_request");
/// let peer = rejection.connection().remote().unwrap();
/// assert_eq!(peer.socket_addr(), Some(client.local_addr()?));
/// # serving.abort();
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "BadHttpRequestException")]
#[doc(alias = "IBadRequestExceptionFeature")]
#[derive(Clone, Debug)]
pub struct Rejection {
    reason: RejectionReason,
    status: Option<StatusCode>,
    detail: Option<&'static str>,
    connection: ConnectionInfo,
}

impl Rejection {
    pub(in crate::hyper) fn new(reason: RejectionReason, connection: &ConnectionInfo) -> Self {
        Self {
            reason,
            status: reason.status(),
            detail: None,
            connection: connection.clone(),
        }
    }

    pub(in crate::hyper) fn with_status(self, status: StatusCode) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    pub(in crate::hyper) fn with_detail(self, detail: Option<&'static str>) -> Self {
        Self { detail, ..self }
    }

    /// Returns why.
    pub fn reason(&self) -> RejectionReason {
        self.reason
    }

    /// Returns the status that the client was answered, if it could still be answered; `None` where there is
    /// nothing to answer to.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Returns in words what was wrong with a request, where more is known than the reason.
    pub fn detail(&self) -> Option<&'static str> {
        self.detail
    }

    /// Returns what is known of the connection: its id, and its peer.
    pub fn connection(&self) -> &ConnectionInfo {
        &self.connection
    }

    /// Tells everybody: it is counted, logged, and handed to the hook.
    #[cold]
    pub(in crate::hyper) fn tell(
        &self,
        statistics: &ServerStatistics,
        hook: Option<&RejectionHook>,
    ) {
        statistics.count_rejection(self.reason.as_str());
        #[cfg(feature = "metrics")]
        super::measured::rejected(self.reason, self.status);
        tracing::debug!(
            target: "transom::hyper",
            reason = self.reason.as_str(),
            status = self.status.map(|status| status.as_u16()),
            detail = self.detail,
            connection = %self.connection.id(),
            peer = self.connection.remote().map(tracing::field::display),
            "rejected",
        );
        if let Some(hook) = hook {
            hook.call(self);
        }
    }
}

/// Tells that a connection was not let in.
pub(in crate::hyper) fn connection_refused(connection: &ConnectionInfo) {
    #[cfg(feature = "metrics")]
    super::measured::connection_refused(connection);
    let _ = connection;
}

/// Who wants to know of rejections.
#[derive(Clone)]
pub(in crate::hyper) struct RejectionHook(Arc<dyn Fn(&Rejection) + Send + Sync>);

impl RejectionHook {
    pub(in crate::hyper) fn new(hook: impl Fn(&Rejection) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    fn call(&self, rejection: &Rejection) {
        // It is called in the middle of the server's work, which must not end with it.
        if catch_unwind(AssertUnwindSafe(|| (self.0)(rejection))).is_err() {
            tracing::error!(target: "transom", "the rejection hook panicked");
        }
    }
}

impl fmt::Debug for RejectionHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RejectionHook")
    }
}
