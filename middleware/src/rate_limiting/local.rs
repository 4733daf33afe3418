use std::collections::hash_map::RandomState;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

use super::state::State;
use super::{Quota, RateLimitDecision, RateLimitKey};

/// The keys of this process, of which there are so many at most.
#[derive(Debug)]
pub(super) struct Local {
    /// Peers choose the keys, so it is hashed with a secret.
    keys: Mutex<LruCache<RateLimitKey, State, RandomState>>,
    most: usize,
}

impl Local {
    pub(super) fn new(most: usize) -> Self {
        Self {
            keys: Mutex::new(LruCache::unbounded_with_hasher(RandomState::new())),
            most: most.max(1),
        }
    }

    pub(super) fn take(&self, key: RateLimitKey, quota: &Quota, now: u64) -> RateLimitDecision {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let decision = keys
            .get_or_insert_mut(key, || State::new(quota, now))
            .take(quota, now);
        if keys.len() > self.most {
            keys.pop_lru();
        }
        decision
    }

    pub(super) fn len(&self) -> usize {
        self.keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }
}
