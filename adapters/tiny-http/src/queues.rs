use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::intake::{Job, Peer};

/// Keeps the requests of one connection one behind the other.
///
/// tiny_http hands over pipelined requests as they come, and only their responses wait for one another;
/// but what the second asks for may be what the first is to do.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<Peer, VecDeque<Job>>>);

impl Queues {
    /// Returns the job if it is its turn; else it is kept for [`next`](Self::next).
    pub(crate) fn begin(&self, job: Job) -> Option<Job> {
        let Some(peer) = job.peer() else {
            return Some(job);
        };
        let mut queues = self.lock();
        match queues.get_mut(&peer) {
            Some(waiting) => {
                waiting.push_back(job);
                None
            }
            None => {
                // Allocates nothing: two at a time are rare.
                queues.insert(peer, VecDeque::new());
                Some(job)
            }
        }
    }

    /// Ends the turn of a job, and returns the one behind it.
    pub(crate) fn next(&self, peer: Option<Peer>) -> Option<Job> {
        let peer = peer?;
        let mut queues = self.lock();
        let next = queues.get_mut(&peer)?.pop_front();
        if next.is_none() {
            queues.remove(&peer);
        }
        next
    }

    /// Ends the turn of a job; those behind it are dropped.
    pub(crate) fn forget(&self, peer: Option<Peer>) {
        let dropped = peer.and_then(|peer| self.lock().remove(&peer));
        // Outside of the lock: dropping a request writes.
        drop(dropped);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Peer, VecDeque<Job>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
