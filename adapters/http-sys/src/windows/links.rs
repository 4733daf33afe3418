use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use transom::adapter::{Connection, Dispatcher};
use transom::features::{ConnectionInfo, Counted, Endpoint, Scheme, Transport};
use transom::{Application, features::TlsInfo};

use super::arrival::Arrival;
use super::certificate::ClientCertificate;
use super::sys::{Platform, RequestQueue};

/// The connections that requests came on, as far as the kernel tells of them.
#[derive(Default)]
pub(crate) struct Links(Mutex<HashMap<u64, Arc<Link>>>);

/// One connection.
pub(crate) struct Link {
    id: u64,
    pub(crate) connection: Connection,
    gone: watch::Sender<bool>,
    _counted: Option<Counted>,
}

impl Link {
    /// Waits until the connection is gone; for ever where the kernel does not tell.
    pub(crate) async fn gone(&self) {
        // It fails if the sender is gone, which is here.
        let _ = self.gone.subscribe().wait_for(|gone| *gone).await;
    }
}

impl Links {
    /// Returns the connection of a request, and whether it is new.
    pub(crate) fn of<A: Application>(
        &self,
        arrival: &Arrival,
        dispatcher: &Dispatcher<A>,
        queue: &Arc<RequestQueue>,
    ) -> (Arc<Link>, bool) {
        let told = Platform::get().is_complete();
        let make = |counted| {
            Arc::new(Link {
                id: arrival.raw_connection,
                connection: connection(arrival, dispatcher, queue),
                gone: watch::Sender::new(false),
                _counted: counted,
            })
        };
        if !told {
            // Nobody would say when to forget it.
            return (make(None), false);
        }
        let mut links = self.lock();
        if let Some(link) = links.get(&arrival.raw_connection) {
            return (Arc::clone(link), false);
        }
        let link = make(Some(dispatcher.statistics().count_connection()));
        links.insert(link.id, Arc::clone(&link));
        (link, true)
    }

    /// Says that a connection is gone. Its number may be another's from now on.
    pub(crate) fn gone(&self, link: &Arc<Link>) {
        let mut links = self.lock();
        if links.get(&link.id).is_some_and(|it| Arc::ptr_eq(it, link)) {
            links.remove(&link.id);
        }
        drop(links);
        link.gone.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Link>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Links({})", self.lock().len())
    }
}

fn connection<A: Application>(
    arrival: &Arrival,
    dispatcher: &Dispatcher<A>,
    queue: &Arc<RequestQueue>,
) -> Connection {
    let (transport, endpoint): (_, fn(_) -> _) = match arrival.version {
        http::Version::HTTP_3 => (Transport::Quic, Endpoint::Udp),
        _ => (Transport::Tcp, Endpoint::Tcp),
    };
    let mut info = ConnectionInfo::new(transport);
    if let Some(local) = arrival.local {
        info = info.with_local(endpoint(local));
    }
    if let Some(remote) = arrival.remote {
        info = info.with_remote(endpoint(remote));
    }
    let scheme = match arrival.is_secure {
        true => Scheme::Https,
        false => Scheme::Http,
    };
    let mut connection = dispatcher.connection(info, scheme);
    if let Some(tls) = &arrival.tls {
        connection = connection.with_feature::<TlsInfo>(tls.clone());
    }
    if arrival.is_secure {
        connection = connection.with_feature(ClientCertificate::new(queue, arrival.connection));
    }
    connection
}
