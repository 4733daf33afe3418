use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::intake::Peer;
use crate::outflow::Wire;

/// Connections that must carry no further response, until the engine closes them.
///
/// tiny_http would answer the next request behind a response that was broken off, or never sent, and the
/// client would take the one for the other. So the next requests are put beside the first, unanswered. All
/// that can tell that they are of one connection is the client's address; a unix socket has none, and is
/// let go.
#[derive(Debug)]
pub(crate) struct Graves {
    /// After this silence the engine has closed the connection.
    silence: Duration,
    of: Mutex<HashMap<Peer, Grave>>,
}

#[derive(Debug)]
struct Grave {
    until: Instant,
    wires: Vec<Wire>,
}

impl Graves {
    pub(crate) fn new(read_timeout: Duration) -> Self {
        Self {
            silence: read_timeout + read_timeout / 2,
            of: Mutex::default(),
        }
    }

    /// Marks the connection, to which nothing more may be written from now on.
    pub(crate) fn mark(&self, peer: Option<Peer>) {
        self.add(peer, None);
    }

    /// Keeps the wire of an unfinished response: letting it go would be the turn of the next one.
    pub(crate) fn bury(&self, peer: Option<Peer>, wire: Wire) {
        self.add(peer, Some(wire));
    }

    pub(crate) fn holds(&self, peer: Option<Peer>) -> bool {
        peer.is_some_and(|peer| self.lock().contains_key(&peer))
    }

    /// Lets go of the connections that the engine has closed by now.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        let mut closed = Vec::new();
        self.lock().retain(|_, grave| {
            let keep = grave.until > now;
            if !keep {
                closed.append(&mut grave.wires);
            }
            keep
        });
        // Outside of the lock: dropping a wire may write.
        drop(closed);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn add(&self, peer: Option<Peer>, wire: Option<Wire>) {
        let Some(peer) = peer else { return };
        let until = Instant::now() + self.silence;
        let mut of = self.lock();
        let grave = of.entry(peer).or_insert_with(|| Grave {
            until,
            wires: Vec::new(),
        });
        grave.until = until;
        grave.wires.extend(wire);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Peer, Grave>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
