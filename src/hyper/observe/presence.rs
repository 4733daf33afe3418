//! Open connections, seen from outside.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::RejectionReason;
#[cfg(feature = "metrics")]
use super::measured::Measured;
use crate::features::{ConnectionId, ConnectionInfo};

/// The connections that somebody watches, each with why the server ended it, if it did: what ends a
/// connection knows no more of it than its id.
#[derive(Default)]
pub(in crate::hyper) struct Presences(Mutex<HashMap<ConnectionId, Option<RejectionReason>>>);

impl Presences {
    /// Says why a connection ends. The first reason is the cause of others.
    pub(in crate::hyper) fn ends(&self, id: ConnectionId, reason: RejectionReason) {
        let mut presences = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut ends) = presences.entry(id) {
            ends.get_mut().get_or_insert(reason);
        }
    }

    fn begin(&self, id: ConnectionId) {
        let mut presences = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        presences.insert(id, None);
    }

    fn end(&self, id: ConnectionId) -> Option<RejectionReason> {
        let mut presences = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        presences.remove(&id).flatten()
    }
}

/// A connection that somebody watches, from its first byte to its last, upgraded or not.
#[must_use = "it has to be ended"]
pub(in crate::hyper) struct Presence {
    id: ConnectionId,
    began: Instant,
    #[cfg(feature = "metrics")]
    measured: Measured,
}

impl Presence {
    /// Begins a connection. `None` if nobody watches.
    pub(in crate::hyper) fn begin(presences: &Presences, info: &ConnectionInfo) -> Option<Self> {
        let logged = tracing::enabled!(target: "transom::hyper", tracing::Level::DEBUG);
        if !logged && cfg!(not(feature = "metrics")) {
            return None;
        }
        tracing::debug!(
            target: "transom::hyper",
            connection = %info.id(),
            peer = info.remote().map(tracing::field::display),
            local = info.local().map(tracing::field::display),
            "connection opened",
        );
        presences.begin(info.id());
        Some(Self {
            id: info.id(),
            began: Instant::now(),
            #[cfg(feature = "metrics")]
            measured: Measured::begin(info),
        })
    }

    /// The connection has left HTTP.
    pub(in crate::hyper) fn upgrade(&mut self) {
        #[cfg(feature = "metrics")]
        self.measured.upgrade();
    }

    pub(in crate::hyper) fn end(self, presences: &Presences) {
        let reason = presences.end(self.id);
        let took = self.began.elapsed();
        #[cfg(feature = "metrics")]
        self.measured.end(took, reason);
        tracing::debug!(
            target: "transom::hyper",
            connection = %self.id,
            reason = reason.map(RejectionReason::as_str),
            seconds = took.as_secs_f64(),
            "connection closed",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_counts_and_none_is_kept_of_who_is_gone() {
        let (presences, id) = (Presences::default(), ConnectionId::next());
        presences.begin(id);
        presences.ends(id, RejectionReason::RequestHeadTimeout);
        presences.ends(id, RejectionReason::InvalidRequest);
        assert_eq!(presences.end(id), Some(RejectionReason::RequestHeadTimeout));
        presences.ends(id, RejectionReason::InvalidRequest);
        assert!(presences.0.lock().unwrap().is_empty());
    }
}
