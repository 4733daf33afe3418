//! What all connections of a server share.

use std::sync::Arc;

use http::StatusCode;

use super::{Gate, Place, Reason};
use crate::adapter::Dispatcher;
use crate::contract::{Application, Shutdown};
use crate::features::{ConnectionInfo, ServerLimits};
use crate::hyper::observe::{Rejection, connection_refused};
use crate::hyper::options::{Limits, Options};

/// What all connections of a server share.
pub(in crate::hyper) struct Server<A> {
    pub(in crate::hyper) dispatcher: Dispatcher<A>,
    pub(in crate::hyper) options: Arc<Options>,
    pub(in crate::hyper) shutdown: Shutdown,
    pub(in crate::hyper) gate: Gate,
    /// What others see of the limits.
    pub(in crate::hyper) limits: ServerLimits,
}

impl<A: Application> Server<A> {
    /// Returns the same server with other limits, for the connections that come from now on. How many there
    /// may be counts at once.
    pub(in crate::hyper) fn with_limits(&self, limits: Limits) -> Self {
        self.gate.set_limits(&limits);
        self.limits.set(limits.list());
        Self {
            dispatcher: (self.dispatcher.clone())
                .with_max_request_body_size(limits.max_request_body_size()),
            options: Arc::new(Options {
                limits,
                ..(*self.options).clone()
            }),
            shutdown: self.shutdown.clone(),
            gate: self.gate.clone(),
            limits: self.limits.clone(),
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
            place.show(info);
            Ok(place)
        });
        let refused = |reason| {
            connection_refused(info);
            self.rejected(reason, info);
        };
        admitted.map_err(refused).ok()
    }

    /// Says that the server itself refused or ends a connection, and why.
    #[cold]
    pub(in crate::hyper) fn rejected(&self, reason: Reason, info: &ConnectionInfo) {
        self.gate.ends(info.id(), reason);
        if reason != Reason::KeepAliveTimeout {
            self.tell(&Rejection::new(reason, info));
        }
    }

    /// Says that the server itself refused a request, with which status, and what was wrong if more is known of it.
    #[cold]
    pub(in crate::hyper) fn refused(
        &self,
        status: StatusCode,
        detail: Option<&'static str>,
        info: &ConnectionInfo,
    ) {
        let rejection = Rejection::new(Reason::InvalidRequest, info);
        self.tell(&rejection.with_status(status).with_detail(detail));
    }

    /// Says that the server itself refused something, and its connection may go on.
    pub(in crate::hyper) fn tell(&self, rejection: &Rejection) {
        let hook = self.options.rejection_hook.as_ref();
        rejection.tell(self.gate.statistics(), hook);
    }
}
