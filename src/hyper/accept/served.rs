//! What the connections of one endpoint share.

#[cfg(feature = "acme")]
use std::sync::Arc;

use crate::contract::{Shutdown, ShutdownTrigger};
use crate::features::ConnectionInfo;
use crate::hyper::options::EndpointOptions;
use crate::hyper::proxy_protocol::Treatment;
use crate::hyper::request::UpgradedConnections;
#[cfg(feature = "acme")]
use crate::hyper::tls::{Renewal, Tls};

/// An endpoint that is served: what its connections share, beside what all connections of the server do.
pub(in crate::hyper) struct ServedEndpoint {
    /// What the log calls it.
    pub(in crate::hyper) label: String,
    pub(in crate::hyper) options: EndpointOptions,
    pub(in crate::hyper) stop: EndpointStop,
    pub(in crate::hyper) upgraded: UpgradedConnections,
    /// For as long as the endpoint is served its certificates are ordered and renewed.
    #[cfg(feature = "acme")]
    _renewals: Vec<Arc<Renewal>>,
}

impl ServedEndpoint {
    pub(in crate::hyper) fn new(
        label: String,
        options: EndpointOptions,
        server: &Shutdown,
    ) -> Self {
        Self {
            label,
            #[cfg(feature = "acme")]
            _renewals: options.tls.as_ref().map_or_else(Vec::new, Tls::order),
            options,
            stop: EndpointStop::new(server),
            upgraded: UpgradedConnections::default(),
        }
    }

    /// Returns whether a connection is a proxy's, who will tell on whose behalf it is.
    pub(in crate::hyper) fn is_of_proxy(&self, info: &ConnectionInfo) -> bool {
        let trust = self.options.proxy_protocol.as_ref();
        trust.is_some_and(|trust| {
            let treatment = trust.treatment(info);
            matches!(treatment, Treatment::Header | Treatment::MaybeHeader)
        })
    }
}

/// Tells the connections of an endpoint to stop: because the server stops, or the endpoint alone.
pub(in crate::hyper) struct EndpointStop {
    server: Shutdown,
    own: Shutdown,
    trigger: ShutdownTrigger,
}

impl EndpointStop {
    fn new(server: &Shutdown) -> Self {
        let (trigger, own) = Shutdown::pair();
        Self {
            server: server.clone(),
            own,
            trigger,
        }
    }

    /// Asks the connections to stop. Whoever accepts for the endpoint does it when the server stops too, so
    /// that a connection has one thing to wait for.
    pub(in crate::hyper) fn request(&self) {
        self.trigger.request();
    }

    /// Waits until the connections shall stop.
    pub(in crate::hyper) async fn requested(&self) {
        if !self.is_requested() {
            self.own.requested().await;
        }
    }

    /// Returns whether the connections shall stop.
    pub(in crate::hyper) fn is_requested(&self) -> bool {
        self.own.is_requested() || self.server.is_requested()
    }
}
