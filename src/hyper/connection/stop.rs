//! How a connection hears that its server shall stop.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;

use crate::contract::Shutdown;

/// A connection's ear for the request to stop.
pub(in crate::hyper) struct Stop<'a, F> {
    shutdown: &'a Shutdown,
    requested: Pin<&'a mut F>,
    listens: bool,
}

impl<'a, F: Future<Output = ()>> Stop<'a, F> {
    pub(in crate::hyper) fn new(shutdown: &'a Shutdown, requested: Pin<&'a mut F>) -> Self {
        Self {
            shutdown,
            requested,
            listens: false,
        }
    }

    /// Returns whether the server shall stop; else `cx` is woken when it shall. All calls must come from one
    /// task: it is listened for once, since each time costs a lock that all connections share.
    pub(in crate::hyper) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if self.listens {
            return self.shutdown.is_requested();
        }
        self.listens = true;
        self.requested.as_mut().poll(cx).is_ready()
    }
}
