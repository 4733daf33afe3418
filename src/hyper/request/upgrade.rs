//! Connections that left HTTP.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_channel::oneshot;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::features::{ConnectionId, Upgrade, UpgradeError, Upgraded, Upgrading};
use crate::hyper::connection::{Transport, WeakTransport};

/// hyper's upgrade as the feature. It is cancelled unless the response is the 101.
pub(in crate::hyper) struct Offer(Mutex<Option<(OnUpgrade, oneshot::Receiver<()>)>>);

impl Offer {
    /// Returns the offer, and what to fire when the response is a 101; to drop it cancels.
    pub(in crate::hyper) fn new(on_upgrade: OnUpgrade) -> (Self, oneshot::Sender<()>) {
        let (switching, switched) = oneshot::channel();
        (Self(Mutex::new(Some((on_upgrade, switched)))), switching)
    }
}

impl Upgrade for Offer {
    fn accept(&self) -> Result<Upgrading, UpgradeError> {
        let mut offer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (on_upgrade, switched) = offer.take().ok_or_else(UpgradeError::taken)?;
        Ok(Upgrading::new(async move {
            switched.await.map_err(|_| UpgradeError::cancelled())?;
            match on_upgrade.await {
                Ok(upgraded) => Ok(Upgraded::from_tokio(TokioIo::new(upgraded))),
                Err(error) if error.is_canceled() => Err(UpgradeError::cancelled()),
                Err(error) => Err(UpgradeError::failed(error)),
            }
        }))
    }
}

/// The upgraded connections of a server: no task of the server's holds them, and yet they end with it.
#[derive(Default)]
pub(in crate::hyper) struct UpgradedConnections(Mutex<Connections>);

#[derive(Default)]
struct Connections {
    open: HashMap<ConnectionId, WeakTransport>,
    /// How many there were after the last sweep.
    swept: usize,
}

impl UpgradedConnections {
    pub(in crate::hyper) fn add(&self, id: ConnectionId, transport: &Transport) {
        let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Sweeping at twice the size costs each connection a constant share.
        if connections.open.len() >= 2 * connections.swept + 64 {
            connections.open.retain(|_, transport| !transport.is_gone());
            connections.swept = connections.open.len();
        }
        connections.open.insert(id, transport.downgrade());
    }

    pub(in crate::hyper) fn abort_on_drop(&self) -> AbortOnDrop<'_> {
        AbortOnDrop(self)
    }
}

pub(in crate::hyper) struct AbortOnDrop<'a>(&'a UpgradedConnections);

impl Drop for AbortOnDrop<'_> {
    fn drop(&mut self) {
        let mut connections = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = std::mem::take(&mut connections.open);
        drop(connections);
        for transport in open.values() {
            transport.abort();
        }
    }
}
