//! What all connections of a server share.

use std::sync::Arc;

use super::{Gate, Place, Reason};
use crate::adapter::Dispatcher;
use crate::contract::{Application, Shutdown};
use crate::features::ConnectionInfo;
use crate::hyper::options::{Limits, Options};

/// What all connections of a server share.
pub(in crate::hyper) struct Server<A> {
    pub(in crate::hyper) dispatcher: Dispatcher<A>,
    pub(in crate::hyper) options: Arc<Options>,
    pub(in crate::hyper) shutdown: Shutdown,
    pub(in crate::hyper) gate: Gate,
}

impl<A: Application> Server<A> {
    /// Returns the same server with other limits, for the connections that come from now on. How many there
    /// may be counts at once.
    pub(in crate::hyper) fn with_limits(&self, limits: Limits) -> Self {
        self.gate.set_limits(&limits);
        Self {
            dispatcher: (self.dispatcher.clone())
                .with_max_request_body_size(limits.max_request_body_size()),
            options: Arc::new(Options {
                limits,
                ..(*self.options).clone()
            }),
            shutdown: self.shutdown.clone(),
            gate: self.gate.clone(),
        }
    }
}

impl<A> Server<A> {
    /// Lets a connection in that was just accepted, or says that it was not. One of a proxy is not counted at
    /// the proxy's address.
    pub(in crate::hyper) fn admit(&self, info: &ConnectionInfo, is_proxy: bool) -> Option<Place> {
        let admitted = self.gate.enter().and_then(|mut place| {
            if !is_proxy {
                place.locate(info)?;
            }
            Ok(place)
        });
        admitted.map_err(|reason| self.rejected(reason, info)).ok()
    }

    /// Says that the server itself ended a connection, or refused a request, and why.
    #[cold]
    pub(in crate::hyper) fn rejected(&self, reason: Reason, info: &ConnectionInfo) {
        tracing::debug!(
            target: "transom",
            reason = reason.as_str(),
            connection = %info.id(),
            remote = info.remote().map(tracing::field::display),
            "the server ended a connection or refused a request"
        );
    }
}
