use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::features::{ConnectionId, ConnectionInfo, Feature, Features, RequestScope, Scheme};

/// One connection of a server: its features, and what its requests share.
///
/// An engine that does not tell its adapter of connections makes one a request.
#[derive(Debug)]
pub struct Connection {
    features: Arc<Features>,
    id: ConnectionId,
    #[cfg(feature = "metrics")]
    scheme: Scheme,
    requests: AtomicU32,
    /// The scope of the last request, to be used again: requests that follow one another on one
    /// connection then cost no allocation for it.
    spare: Mutex<Option<Arc<RequestScope>>>,
}

impl Connection {
    pub(super) fn new(server: Arc<Features>, info: ConnectionInfo, scheme: Scheme) -> Self {
        let id = info.id();
        let mut features = Features::scope(server);
        features.insert(info);
        features.insert(scheme);
        Self {
            features: Arc::new(features),
            id,
            #[cfg(feature = "metrics")]
            scheme,
            requests: AtomicU32::new(0),
            spare: Mutex::new(None),
        }
    }

    /// Adds a feature of the connection. Requests that were begun before do not see it.
    #[must_use]
    pub fn with_feature<F: Feature>(self, feature: F) -> Self {
        self.with_shared_feature(Arc::new(feature))
    }

    /// As [`with_feature`](Self::with_feature), for a handle; the way to add a `dyn Trait`.
    #[must_use]
    pub fn with_shared_feature<F: Feature + ?Sized>(mut self, feature: Arc<F>) -> Self {
        Arc::make_mut(&mut self.features).insert_shared(feature);
        self
    }

    /// Sets how many requests it has had, for one that is made anew for each.
    pub(super) fn after(mut self, requests: u32) -> Self {
        *self.requests.get_mut() = requests;
        self
    }

    /// Returns the features of the connection.
    pub fn features(&self) -> &Arc<Features> {
        &self.features
    }

    /// Tells the request that was begun last that its client is gone, while its answer is not complete;
    /// for an engine that sees the client go and whose requests follow one another.
    pub fn disconnect(&self) {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scope) = &*spare {
            scope.lifetime().disconnect();
        }
    }

    #[cfg(feature = "metrics")]
    pub(super) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the scope of the next request.
    #[inline]
    pub(super) fn begin(&self, max_body_size: Option<u64>) -> Arc<RequestScope> {
        let ordinal = self
            .requests
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(1);
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *spare {
            Some(scope) => {
                RequestScope::renew(scope, self.id, ordinal, max_body_size);
                Arc::clone(scope)
            }
            None => {
                let scope = RequestScope::new(self.id, ordinal, max_body_size);
                Arc::clone(spare.insert(scope))
            }
        }
    }
}
