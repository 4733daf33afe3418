use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_channel::oneshot;
use futures_io::{AsyncRead, AsyncWrite};
use pin_project::pin_project;

use crate::features::{Counted, ServerStatistics, Upgrade, UpgradeError, Upgraded, Upgrading};

/// Returns an upgrade for the application to accept, and the side on which the server completes it.
///
/// ```
/// use transom::adapter::upgrade_offer;
/// use transom::features::{ServerStatistics, Upgraded};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let (offer, completion) = upgrade_offer();
/// let upgrading = offer.accept()?; // the application, before it returns its 101
///
/// assert!(completion.is_accepted());
/// let (socket, _peer) = tokio::io::duplex(64);
/// let statistics = ServerStatistics::new();
/// completion.complete(Upgraded::from_tokio(socket), &statistics); // once the head is sent
///
/// let connection = upgrading.await?;
/// assert_eq!(statistics.upgraded(), 1);
/// drop(connection);
/// assert_eq!(statistics.upgraded(), 0);
/// # Ok::<_, transom::features::UpgradeError>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn upgrade_offer() -> (Arc<dyn Upgrade>, UpgradeCompletion) {
    let (sender, receiver) = oneshot::channel();
    let receiver = Arc::new(Mutex::new(Some(receiver)));
    let offer = Offer(Arc::clone(&receiver));
    (Arc::new(offer), UpgradeCompletion { sender, receiver })
}

type Waiting = Arc<Mutex<Option<oneshot::Receiver<Upgraded>>>>;

struct Offer(Waiting);

impl Upgrade for Offer {
    fn accept(&self) -> Result<Upgrading, UpgradeError> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let connection = taken.ok_or_else(UpgradeError::taken)?;
        Ok(Upgrading::new(async {
            connection.await.map_err(|_| UpgradeError::cancelled())
        }))
    }
}

/// Completes an upgrade; see [`upgrade_offer`]. Dropping it cancels the upgrade.
pub struct UpgradeCompletion {
    sender: oneshot::Sender<Upgraded>,
    receiver: Waiting,
}

impl UpgradeCompletion {
    /// Returns whether the application accepted.
    pub fn is_accepted(&self) -> bool {
        self.receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
    }

    /// Hands the connection to the application. It counts as upgraded until it is dropped; at once if the
    /// application no longer waits for it.
    pub fn complete(self, connection: Upgraded, statistics: &ServerStatistics) {
        let connection = Counting {
            connection,
            _counted: statistics.count_upgraded(),
        };
        // An error returns the connection: dropping it closes it, which is all that is left to do.
        let _ = self.sender.send(Upgraded::new(connection));
    }
}

impl fmt::Debug for UpgradeCompletion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradeCompletion")
            .field("accepted", &self.is_accepted())
            .finish()
    }
}

#[pin_project]
struct Counting {
    #[pin]
    connection: Upgraded,
    _counted: Counted,
}

impl AsyncRead for Counting {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<std::io::Result<usize>> {
        AsyncRead::poll_read(self.project().connection, cx, buffer)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        AsyncWrite::poll_write(self.project().connection, cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        AsyncWrite::poll_flush(self.project().connection, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        AsyncWrite::poll_close(self.project().connection, cx)
    }
}
