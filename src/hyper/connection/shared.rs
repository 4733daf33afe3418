//! What all connections of a server share.

use crate::adapter::Dispatcher;
use crate::contract::Shutdown;
use crate::features::ServerStatistics;
use crate::hyper::options::Options;
use crate::hyper::request::UpgradedConnections;

/// What all connections of a server share.
pub(in crate::hyper) struct Server<A> {
    pub(in crate::hyper) dispatcher: Dispatcher<A>,
    pub(in crate::hyper) options: Options,
    pub(in crate::hyper) shutdown: Shutdown,
    pub(in crate::hyper) statistics: ServerStatistics,
    pub(in crate::hyper) upgraded: UpgradedConnections,
}
