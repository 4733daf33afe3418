use std::sync::Arc;

use crate::features::{Feature, Features};

/// The features of each server of a host: for a pipeline that has to know of all of them.
///
/// It is a feature of the host, so a pipeline can be built around it. A request sees the features of its own server
/// without it.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::features::ServerInfo;
/// use transom::hosting::HostServers;
/// use transom::{Host, HyperServer, testing::TestServer};
///
/// let host = Host::builder(HyperServer::new("http://127.0.0.1:0"))
///     .with_server(TestServer::new())
///     .try_configure(|app| {
///         let servers = app.server_features().require::<HostServers>()?;
///         let names: Vec<_> = servers.iter().filter_map(|server| server.get::<ServerInfo>()).map(ServerInfo::name).collect();
///         assert_eq!(names, ["hyper", "memory"]);
///         Ok(app.build())
///     });
/// host.start().await?.stop().await?;
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HostServers(Arc<[Arc<Features>]>);

impl HostServers {
    pub(super) fn new(servers: &[Arc<Features>]) -> Self {
        Self(servers.into())
    }

    /// Returns the features of each server, in the order in which the host was given them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Features> {
        self.0.iter().map(|features| &**features)
    }
}

impl Feature for HostServers {
    const NAME: &'static str = "host.servers";
}
