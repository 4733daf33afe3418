//! How a connection hears that it shall stop, as its endpoint or its server does.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;

use crate::hyper::accept::EndpointStop;

/// A connection's ear for the request to stop.
pub(in crate::hyper) struct Stop<'a, F> {
    shutdown: &'a EndpointStop,
    requested: Pin<&'a mut F>,
    listens: bool,
}

impl<'a, F: Future<Output = ()>> Stop<'a, F> {
    pub(in crate::hyper) fn new(shutdown: &'a EndpointStop, requested: Pin<&'a mut F>) -> Self {
        Self {
            shutdown,
            requested,
            listens: false,
        }
    }

    /// Returns whether the connection shall stop; else `cx` is woken when it shall. All calls must come from one
    /// task: it is listened for once, since each time costs a lock that all connections share.
    pub(in crate::hyper) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if self.listens {
            return self.shutdown.is_requested();
        }
        self.listens = true;
        self.requested.as_mut().poll(cx).is_ready()
    }
}
