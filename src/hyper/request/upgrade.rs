//! Connections that left HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::oneshot;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::contract::Application;
use crate::features::{
    ConnectionId, ConnectionInfo, Features, Upgrade, UpgradeError, Upgraded, Upgrading,
};
use crate::hyper::accept::ServedEndpoint;
use crate::hyper::connection::{Place, Server, Transport, WeakTransport};
use crate::hyper::http2::StreamExecutor;

/// hyper's upgrade as the feature. It is cancelled unless the response is the 101.
pub(in crate::hyper) struct Offer<A> {
    reservation: Arc<Reservation<A>>,
    upgrade: Mutex<Option<(OnUpgrade, oneshot::Receiver<()>)>>,
}

impl<A> Offer<A> {
    /// Returns the offer, and what to fire when the response is a 101; to drop it cancels.
    pub(in crate::hyper) fn new(
        reservation: Arc<Reservation<A>>,
        on_upgrade: OnUpgrade,
    ) -> (Self, oneshot::Sender<()>) {
        let (switching, switched) = oneshot::channel();
        let upgrade = Mutex::new(Some((on_upgrade, switched)));
        let offer = Self {
            reservation,
            upgrade,
        };
        (offer, switching)
    }
}

impl<A: Application> Upgrade for Offer<A> {
    fn accept(&self) -> Result<Upgrading, UpgradeError> {
        let mut offer = self.upgrade.lock().unwrap_or_else(PoisonError::into_inner);
        if offer.is_some() {
            self.reservation.make()?;
        }
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

/// What leaves HTTP.
pub(in crate::hyper) enum Channel {
    Connection(Transport),
    /// Of HTTP/2: that whose task is polled.
    Stream(StreamExecutor),
}

/// A connection's place among the upgraded ones, once it has one.
pub(in crate::hyper) struct Reservation<A> {
    server: Arc<Server<A>>,
    endpoint: Arc<ServedEndpoint>,
    connection: Arc<Features>,
    place: Mutex<Option<Place>>,
}

impl<A> Reservation<A> {
    pub(in crate::hyper) fn new(
        server: Arc<Server<A>>,
        endpoint: Arc<ServedEndpoint>,
        connection: Arc<Features>,
    ) -> Arc<Self> {
        Arc::new(Self {
            server,
            endpoint,
            connection,
            place: Mutex::new(None),
        })
    }

    fn make(&self) -> Result<(), UpgradeError> {
        let place = self.enter().ok_or_else(UpgradeError::too_many)?;
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
        Ok(())
    }

    /// Turns a connection, or a stream of it, into an upgraded one. `None` if there may be no more of them.
    pub(in crate::hyper) fn use_for(&self, channel: &Channel) -> Option<()> {
        let mut reserved = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing is reserved if the application took hyper's own upgrade.
        let place = reserved.take().or_else(|| self.enter())?;
        match channel {
            Channel::Connection(transport) => {
                if let Some(info) = self.connection.get::<ConnectionInfo>() {
                    self.endpoint.upgraded.add(info.id(), transport);
                }
                transport.upgrade(place);
            }
            // It ends with its connection, which is watched over.
            Channel::Stream(streams) => streams.leave(place),
        }
        Some(())
    }

    fn enter(&self) -> Option<Place> {
        let entered = self.server.gate.enter_upgraded();
        let refused = |reason| {
            if let Some(info) = self.connection.get() {
                self.server.rejected(reason, info);
            }
        };
        entered.map_err(refused).ok()
    }
}

/// The upgraded connections of an endpoint: no task of the server's holds them, and yet they end with it.
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

    /// Returns whether none is open.
    pub(in crate::hyper) fn is_empty(&self) -> bool {
        let connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connections.open.values().all(WeakTransport::is_gone)
    }

    /// Aborts all of them.
    pub(in crate::hyper) fn abort(&self) {
        let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = std::mem::take(&mut connections.open);
        drop(connections);
        for transport in open.values() {
            transport.abort();
        }
    }
}
