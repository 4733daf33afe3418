//! How many connections there may be.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Reason;
use crate::features::{ConnectionId, ConnectionInfo, Counted, ServerStatistics};
use crate::hyper::observe::{Presence, Presences};
use crate::hyper::options::Limits;

/// Counts the connections of a server in its statistics, and lets in no more than there may be.
///
/// A connection [enters](Self::enter) when it is accepted, and is counted at its address as soon as that is
/// known ([`Place::locate`]). What leaves HTTP takes [another place](Self::enter_upgraded) first, and gives
/// this one back.
#[derive(Clone)]
pub(in crate::hyper) struct Gate(Arc<Counts>);

struct Counts {
    statistics: ServerStatistics,
    max_connections: Most,
    max_per_address: Most,
    max_upgraded: Most,
    connections: AtomicUsize,
    upgraded: AtomicUsize,
    /// Empty unless there is a limit to hold.
    by_network: Mutex<HashMap<Network, usize>>,
    presences: Presences,
}

impl Gate {
    pub(in crate::hyper) fn new(limits: &Limits, statistics: ServerStatistics) -> Self {
        #[cfg(feature = "metrics")]
        crate::hyper::observe::describe();
        let gate = Self(Arc::new(Counts {
            statistics,
            max_connections: Most::default(),
            max_per_address: Most::default(),
            max_upgraded: Most::default(),
            connections: AtomicUsize::new(0),
            upgraded: AtomicUsize::new(0),
            by_network: Mutex::default(),
            presences: Presences::default(),
        }));
        gate.set_limits(limits);
        gate
    }

    /// Sets how many there may be from now on. Nobody is thrown out; who came while addresses were not
    /// limited is not counted at one.
    pub(in crate::hyper) fn set_limits(&self, limits: &Limits) {
        self.0.max_connections.set(limits.max_connections());
        self.0
            .max_per_address
            .set(limits.max_connections_per_address());
        self.0.max_upgraded.set(limits.max_upgraded_connections());
    }

    /// Lets a connection in.
    ///
    /// # Errors
    ///
    /// [`Reason::MaxConnections`].
    pub(in crate::hyper) fn enter(&self) -> Result<Place, Reason> {
        take(&self.0.connections, self.0.max_connections.get()).ok_or(Reason::MaxConnections)?;
        Ok(Place {
            counts: Arc::clone(&self.0),
            of: Of::Connections(None),
            presence: None,
            _counted: self.0.statistics.count_connection(),
        })
    }

    pub(in crate::hyper) fn statistics(&self) -> &ServerStatistics {
        &self.0.statistics
    }

    /// Says why the server ends a connection.
    pub(in crate::hyper) fn ends(&self, id: ConnectionId, reason: Reason) {
        self.0.presences.ends(id, reason);
    }

    /// Lets one in that left HTTP, or is about to: an upgraded connection, or a stream with a protocol of its
    /// own. It has no address: a limit on those is for what has not shown yet what it is.
    ///
    /// # Errors
    ///
    /// [`Reason::MaxUpgradedConnections`].
    pub(in crate::hyper) fn enter_upgraded(&self) -> Result<Place, Reason> {
        take(&self.0.upgraded, self.0.max_upgraded.get()).ok_or(Reason::MaxUpgradedConnections)?;
        Ok(Place {
            counts: Arc::clone(&self.0),
            of: Of::Upgraded,
            presence: None,
            _counted: self.0.statistics.count_upgraded(),
        })
    }
}

/// A connection's place among those that there may be, given back when this is dropped.
#[must_use = "it is given back when this is dropped"]
pub(in crate::hyper) struct Place {
    counts: Arc<Counts>,
    of: Of,
    /// There if somebody watches.
    presence: Option<Presence>,
    _counted: Counted,
}

enum Of {
    Connections(Option<Network>),
    Upgraded,
}

impl Place {
    /// Shows the connection to whoever watches, until it gives its place back.
    pub(in crate::hyper) fn show(&mut self, info: &ConnectionInfo) {
        self.presence = Presence::begin(&self.counts.presences, info);
    }

    /// Returns this place for the connection that had the place `before`, and has left HTTP.
    pub(in crate::hyper) fn after(mut self, before: &mut Place) -> Self {
        self.presence = before.presence.take();
        if let Some(presence) = &mut self.presence {
            presence.upgrade();
        }
        self
    }

    /// Counts the connection at the client's address, and no longer at another: behind a proxy the address
    /// is known only when the proxy has told it. An end that has no IP address is not counted.
    ///
    /// # Errors
    ///
    /// [`Reason::MaxConnectionsPerAddress`].
    pub(in crate::hyper) fn locate(&mut self, info: &ConnectionInfo) -> Result<(), Reason> {
        let limit = self.counts.max_per_address.get();
        let (Some(limit), Of::Connections(at)) = (limit, &mut self.of) else {
            return Ok(());
        };
        let remote = info.remote().and_then(|remote| remote.socket_addr());
        let network = remote.map(|remote| Network::of(remote.ip()));
        if *at == network {
            return Ok(());
        }
        if let Some(left) = at.take() {
            self.counts.leave(left);
        }
        if let Some(network) = network {
            self.counts.join(network, limit)?;
            *at = Some(network);
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(presence) = self.presence.take() {
            presence.end(&self.counts.presences);
        }
        match self.of {
            Of::Connections(network) => {
                self.counts.connections.fetch_sub(1, Ordering::AcqRel);
                if let Some(network) = network {
                    self.counts.leave(network);
                }
            }
            Of::Upgraded => {
                self.counts.upgraded.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }
}

impl Counts {
    fn join(&self, network: Network, limit: usize) -> Result<(), Reason> {
        let mut networks = self
            .by_network
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = networks.entry(network).or_default();
        if *count >= limit {
            return Err(Reason::MaxConnectionsPerAddress);
        }
        *count += 1;
        Ok(())
    }

    fn leave(&self, network: Network) {
        let mut networks = self
            .by_network
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = networks.entry(network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// A limit that may change, or none.
#[derive(Default)]
struct Most(AtomicUsize);

impl Most {
    /// 0 stands for none, with the others one more than they are.
    fn set(&self, limit: Option<usize>) {
        let stored = limit.map_or(0, |limit| limit.saturating_add(1));
        self.0.store(stored, Ordering::Relaxed);
    }

    fn get(&self) -> Option<usize> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }
}

/// Takes one, if there are fewer than `limit`.
fn take(counter: &AtomicUsize, limit: Option<usize>) -> Option<()> {
    let one_more = |count| (count < limit.unwrap_or(usize::MAX)).then_some(count + 1);
    counter
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
        .ok()
        .map(drop)
}

/// Those that count as one client: an address of IPv4, or 64 bits of IPv6, which is what one customer of a
/// provider has at least, and may choose addresses from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Network {
    V4(u32),
    V6(u64),
}

impl Network {
    fn of(address: IpAddr) -> Self {
        // An address of IPv4 arrives as one of IPv6 on a socket that takes both.
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{Endpoint, Transport};

    fn gate(limits: &Limits) -> Gate {
        Gate::new(limits, ServerStatistics::new())
    }

    fn client(address: &str) -> ConnectionInfo {
        let address = format!("{address}:4000").parse().unwrap();
        ConnectionInfo::new(Transport::Tcp).with_remote(Endpoint::Tcp(address))
    }

    fn located(gate: &Gate, address: &str) -> Result<Place, Reason> {
        let mut place = gate.enter()?;
        place.locate(&client(address)).map(|()| place)
    }

    #[test]
    fn a_place_is_free_again_when_it_is_given_back() {
        let gate = gate(&Limits::default().with_max_connections(Some(2)));
        let first = gate.enter().unwrap();
        let _second = gate.enter().unwrap();
        assert_eq!(gate.enter().err(), Some(Reason::MaxConnections));
        drop(first);
        assert!(gate.enter().is_ok());
    }

    #[test]
    fn without_limits_nothing_is_refused_and_no_address_is_kept() {
        let gate = gate(&Limits::default());
        let places: Vec<_> = (0..1000).map(|_| located(&gate, "192.0.2.1")).collect();
        assert!(places.iter().all(Result::is_ok));
        assert!(gate.0.by_network.lock().unwrap().is_empty());
    }

    #[test]
    fn an_address_of_ipv4_is_one_client_and_a_network_of_ipv6_is_too() {
        let gate = gate(&Limits::default().with_max_connections_per_address(Some(1)));
        let refused = Some(Reason::MaxConnectionsPerAddress);
        let first = located(&gate, "192.0.2.1").unwrap();
        assert_eq!(located(&gate, "192.0.2.1").err(), refused);
        assert_eq!(located(&gate, "[::ffff:192.0.2.1]").err(), refused);
        let _other = located(&gate, "192.0.2.2").unwrap();
        let _v6 = located(&gate, "[2001:db8::1]").unwrap();
        assert_eq!(located(&gate, "[2001:db8::ffff:1]").err(), refused);
        let _other_v6 = located(&gate, "[2001:db8:0:1::1]").unwrap();
        drop(first);
        assert!(located(&gate, "192.0.2.1").is_ok());
    }

    #[test]
    fn a_connection_is_counted_at_one_address_and_leaves_none_behind() {
        let gate = gate(&Limits::default().with_max_connections_per_address(Some(1)));
        let mut place = located(&gate, "192.0.2.1").unwrap();
        place.locate(&client("198.51.100.1")).unwrap();
        let first = located(&gate, "192.0.2.1").unwrap();
        assert!(place.locate(&client("192.0.2.1")).is_err());
        place.locate(&ConnectionInfo::new(Transport::Unix)).unwrap();
        drop((place, first));
        assert!(gate.0.by_network.lock().unwrap().is_empty());
    }

    #[test]
    fn upgraded_connections_have_places_of_their_own() {
        let limits = Limits::default()
            .with_max_connections(Some(1))
            .with_max_upgraded_connections(Some(1));
        let gate = gate(&limits);
        let connection = gate.enter().unwrap();
        let upgraded = gate.enter_upgraded().unwrap();
        drop(connection);
        let _next = gate.enter().unwrap();
        let refused = gate.enter_upgraded().err();
        assert_eq!(refused, Some(Reason::MaxUpgradedConnections));
        drop(upgraded);
        assert!(gate.enter_upgraded().is_ok());
    }
}
