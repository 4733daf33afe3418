//! What the connections of one endpoint share.

use crate::contract::{Shutdown, ShutdownTrigger};
use crate::hyper::options::EndpointOptions;
use crate::hyper::request::UpgradedConnections;

/// An endpoint that is served: what its connections share, beside what all connections of the server do.
pub(in crate::hyper) struct ServedEndpoint {
    /// What the log calls it.
    pub(in crate::hyper) label: String,
    pub(in crate::hyper) options: EndpointOptions,
    pub(in crate::hyper) stop: EndpointStop,
    pub(in crate::hyper) upgraded: UpgradedConnections,
}

impl ServedEndpoint {
    pub(in crate::hyper) fn new(
        label: String,
        options: EndpointOptions,
        server: &Shutdown,
    ) -> Self {
        Self {
            label,
            options,
            stop: EndpointStop::new(server),
            upgraded: UpgradedConnections::default(),
        }
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
