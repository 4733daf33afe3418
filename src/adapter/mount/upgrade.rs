//! A connection that leaves HTTP by way of a framework.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_channel::oneshot;
use futures_io::{AsyncRead, AsyncWrite};
use http::{HeaderMap, HeaderName, Method, Version, header};
use http_body::Body as HttpBody;
use pin_project::pin_project;

use super::arrival::ConnectionFuture;
use super::mount::Life;
use crate::features::{Counted, ServerStatistics, Upgrade, UpgradeError, Upgraded, Upgrading};
use crate::signal::Listener;

/// Returns whether a request asks to switch to another protocol. One with content does not: RFC 9110,
/// section 7.8, lets a server pass over it.
pub(super) fn is_asked_for<B: HttpBody>(request: &http::Request<B>) -> bool {
    request.version() == Version::HTTP_11
        && *request.method() != Method::CONNECT
        && request.headers().contains_key(header::UPGRADE)
        && lists(request.headers(), header::CONNECTION, "upgrade")
        && request.body().is_end_stream()
}

/// Returns whether a field is a list that has the token.
pub(super) fn lists(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    let mut tokens = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tokens.any(|one| one.trim().eq_ignore_ascii_case(token))
}

/// Returns an upgrade for the application to accept, and what lets it have the connection.
pub(super) fn offer(
    connecting: ConnectionFuture,
    life: Arc<Life>,
    statistics: ServerStatistics,
) -> (Arc<dyn Upgrade>, Switch) {
    let (switching, switched) = oneshot::channel();
    let offer = Offer {
        taken: Mutex::new(Some((connecting, switched))),
        life,
    };
    let switch = Switch {
        switching,
        statistics,
    };
    (Arc::new(offer), switch)
}

/// Lets the connection go to the application. Dropping it cancels the upgrade.
pub(super) struct Switch {
    switching: oneshot::Sender<Counted>,
    statistics: ServerStatistics,
}

impl Switch {
    /// The response is the 101: the connection counts as upgraded, until whoever accepted it drops it.
    pub(super) fn now(self) {
        let _ = self.switching.send(self.statistics.count_upgraded());
    }
}

struct Offer {
    taken: Mutex<Option<(ConnectionFuture, oneshot::Receiver<Counted>)>>,
    life: Arc<Life>,
}

impl Upgrade for Offer {
    fn accept(&self) -> Result<Upgrading, UpgradeError> {
        let taken = self
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let (connecting, switched) = taken.ok_or_else(UpgradeError::taken)?;
        let life = Arc::clone(&self.life);
        Ok(Upgrading::new(async move {
            let counted = switched.await.map_err(|_| UpgradeError::cancelled())?;
            let connection = connecting.await?;
            Ok(Upgraded::new(Held {
                connection,
                life,
                reading: Listener::default(),
                writing: Listener::default(),
                _counted: counted,
            }))
        }))
    }
}

/// An upgraded connection, until the mount is aborted.
#[pin_project]
struct Held {
    #[pin]
    connection: Upgraded,
    life: Arc<Life>,
    /// Reader and writer may be two tasks.
    reading: Listener,
    writing: Listener,
    _counted: Counted,
}

/// Polls, and fails once the mount is aborted.
fn unless_aborted<T>(
    life: &Life,
    listener: &mut Listener,
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    let aborted = |()| Err(io::Error::from(io::ErrorKind::ConnectionAborted));
    if life.aborted.is_fired() {
        return Poll::Ready(aborted(()));
    }
    match poll(cx) {
        Poll::Pending => life.aborted.poll_wait(listener, cx).map(aborted),
        ready => ready,
    }
}

impl AsyncRead for Held {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.project();
        unless_aborted(this.life, this.reading, cx, |cx| {
            AsyncRead::poll_read(this.connection, cx, buffer)
        })
    }
}

impl AsyncWrite for Held {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.project();
        unless_aborted(this.life, this.writing, cx, |cx| {
            AsyncWrite::poll_write(this.connection, cx, bytes)
        })
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        unless_aborted(this.life, this.writing, cx, |cx| {
            AsyncWrite::poll_flush(this.connection, cx)
        })
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        unless_aborted(this.life, this.writing, cx, |cx| {
            AsyncWrite::poll_close(this.connection, cx)
        })
    }
}
