use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
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
pub(crate) struct Links(Mutex<Known>);

/// By number.
#[derive(Default)]
struct Known(HashMap<u64, Entry>);

impl Known {
    /// Counts a request of a connection that is there.
    fn find(&mut self, id: u64, remote: Option<SocketAddr>) -> Option<Arc<Link>> {
        let entry = self.0.get_mut(&id)?;
        // One of the same number from elsewhere is another, and that the first is gone was not heard yet.
        (entry.link.remote == remote).then(|| {
            entry.streams += 1;
            Arc::clone(&entry.link)
        })
    }
}

struct Entry {
    link: Arc<Link>,
    /// How many requests of it are under way, where there may be several.
    streams: usize,
}

/// One connection.
pub(crate) struct Link {
    id: u64,
    remote: Option<SocketAddr>,
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
    /// Returns the connection of a request, and whether it is new. Where a connection carries several requests the kernel
    /// tells when one of them is gone, and of the connection nothing: so it [ends](Self::leave) with the last of them.
    pub(crate) fn of<A: Application>(
        &self,
        arrival: &Arrival,
        dispatcher: &Dispatcher<A>,
        queue: &Arc<RequestQueue>,
    ) -> (Arc<Link>, bool) {
        let make = |connection, counted| {
            Arc::new(Link {
                id: arrival.raw_connection,
                remote: arrival.remote,
                connection,
                gone: watch::Sender::new(false),
                _counted: counted,
            })
        };
        if !Platform::get().is_complete() {
            // Nobody would say when to forget it.
            return (make(connection(arrival, dispatcher, queue), None), false);
        }
        let (id, remote) = (arrival.raw_connection, arrival.remote);
        if let Some(known) = self.lock().find(id, remote) {
            return (known, false);
        }
        // The kernel is asked about it meanwhile, for which no other request waits.
        let connection = connection(arrival, dispatcher, queue);
        self.find_or_insert(id, remote, || {
            make(connection, Some(dispatcher.statistics().count_connection()))
        })
    }

    fn find_or_insert(
        &self,
        id: u64,
        remote: Option<SocketAddr>,
        make: impl FnOnce() -> Arc<Link>,
    ) -> (Arc<Link>, bool) {
        let mut links = self.lock();
        if let Some(known) = links.find(id, remote) {
            return (known, false);
        }
        let link = make();
        let entry = Entry {
            link: Arc::clone(&link),
            streams: 1,
        };
        links.0.insert(id, entry);
        (link, true)
    }

    /// Says that a request is not under way any more, on a connection that may carry several.
    pub(crate) fn leave(&self, link: &Arc<Link>) {
        let mut links = self.lock();
        if let Some(entry) = links.0.get_mut(&link.id)
            && Arc::ptr_eq(&entry.link, link)
        {
            entry.streams -= 1;
            if entry.streams == 0 {
                links.0.remove(&link.id);
            }
        }
    }

    /// Says that a connection is gone. Its number may be another's from now on.
    pub(crate) fn gone(&self, link: &Arc<Link>) {
        let mut links = self.lock();
        let known = links.0.get(&link.id);
        if known.is_some_and(|entry| Arc::ptr_eq(&entry.link, link)) {
            links.0.remove(&link.id);
        }
        drop(links);
        link.gone.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Links({})", self.lock().0.len())
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
        let mut tls: TlsInfo = tls.clone();
        if let Ok(Some(name)) = queue.server_name(arrival.id) {
            tls = tls.with_server_name(name);
        }
        if let Ok(Some(suite)) = queue.cipher_suite(arrival.id) {
            tls = tls.with_cipher_suite(suite);
        }
        connection = connection.with_feature(tls);
    }
    if arrival.is_secure {
        connection = connection.with_feature(ClientCertificate::new(queue, arrival.connection));
    }
    connection
}

#[cfg(test)]
mod tests {
    use transom::{Features, Request, Response, Shutdown};

    use super::*;

    /// Asks for that of number 7 whose client has this port.
    fn find(links: &Links, port: u16) -> (Arc<Link>, bool) {
        let remote = Some(SocketAddr::from(([127, 0, 0, 1], port)));
        links.find_or_insert(7, remote, || {
            let app = |_: Request| async { Response::default() };
            let (_trigger, shutdown) = Shutdown::pair();
            let dispatcher = Dispatcher::new(app, Features::new(), &shutdown);
            let info = ConnectionInfo::new(Transport::Tcp);
            Arc::new(Link {
                id: 7,
                remote,
                connection: dispatcher.connection(info, Scheme::Https),
                gone: watch::Sender::new(false),
                _counted: None,
            })
        })
    }

    #[test]
    fn a_connection_of_several_requests_ends_with_the_last() {
        let links = Links::default();
        let (first, is_new) = find(&links, 1);
        assert!(is_new);
        let (same, is_new) = find(&links, 1);
        assert!(!is_new && Arc::ptr_eq(&first, &same));
        links.leave(&first);
        assert_eq!(format!("{links:?}"), "Links(1)");
        assert!(!find(&links, 1).1);
        links.leave(&first);
        links.leave(&first);
        assert_eq!(format!("{links:?}"), "Links(0)");
        let (next, is_new) = find(&links, 1);
        assert!(is_new && !Arc::ptr_eq(&first, &next));
    }

    #[test]
    fn a_connection_that_is_gone_takes_no_other_of_its_number_along() {
        let links = Links::default();
        let (old, _) = find(&links, 1);
        links.gone(&old);
        assert!(*old.gone.borrow());
        let (new, is_new) = find(&links, 1);
        assert!(is_new);
        links.gone(&old);
        links.leave(&old);
        assert_eq!(format!("{links:?}"), "Links(1)");
        assert!(!*new.gone.borrow());
    }

    #[test]
    fn a_number_is_anothers_before_it_was_heard_that_the_first_is_gone() {
        let links = Links::default();
        let (old, _) = find(&links, 1);
        let (new, is_new) = find(&links, 2);
        assert!(is_new);
        links.gone(&old);
        assert!(Arc::ptr_eq(&find(&links, 2).0, &new));
        assert!(!*new.gone.borrow());
    }
}
