//! All endpoints of a server that serves.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::Poll;

use futures_channel::{mpsc, oneshot};
use futures_core::Stream as _;

use super::bind::Site;
use super::live::Change;
use super::worker::Order;
use super::{Binder, BoundEndpoint, Changes, Orders, Prepared, ServedEndpoint};
use crate::adapter::Listener;
use crate::contract::{Error, Shutdown};
use crate::features::{ServerAddress, ServerAddresses};
use crate::hyper::Endpoint;

/// All endpoints of a server that serves: the workers accept for them. Dropped, it aborts whatever was
/// upgraded.
pub(in crate::hyper) struct EndpointSet {
    server: &'static str,
    binder: Binder,
    shutdown: Shutdown,
    workers: Vec<mpsc::UnboundedSender<Order>>,
    entries: Vec<Entry>,
    /// Every endpoint whose connections may still be there.
    served: Vec<Weak<ServedEndpoint>>,
    addresses: ServerAddresses,
}

struct Entry {
    name: Option<String>,
    site: Option<Site>,
    /// Their addresses, and the files of unix sockets. The sockets are with the workers.
    listeners: Vec<Listener>,
    endpoint: Arc<ServedEndpoint>,
}

impl EndpointSet {
    /// Returns a set without endpoints, and what each worker has to obey.
    pub(in crate::hyper) fn new(
        server: &'static str,
        binder: Binder,
        addresses: ServerAddresses,
        shutdown: Shutdown,
    ) -> (Self, Vec<Orders>) {
        let (workers, orders) = (0..binder.workers).map(|_| mpsc::unbounded()).unzip();
        let set = Self {
            server,
            binder,
            shutdown,
            workers,
            entries: Vec::new(),
            served: Vec::new(),
            addresses,
        };
        (set, orders)
    }

    /// Opens the endpoints that the server was bound with, and then makes the changes that are asked for. The
    /// workers have to run meanwhile.
    ///
    /// # Errors
    ///
    /// One of the first endpoints cannot be served. Otherwise it does not return.
    pub(in crate::hyper) async fn run(
        &mut self,
        bound: Vec<BoundEndpoint>,
        mut changes: Changes,
    ) -> Result<(), Error> {
        let shutdown = self.shutdown.clone();
        for endpoint in bound {
            match self.open(endpoint).await {
                // Its workers may have stopped already.
                Err(error) if !shutdown.is_requested() => return Err(error),
                _ => {}
            }
        }
        let mut stop = pin!(shutdown.requested());
        loop {
            let change = poll_fn(|cx| {
                if stop.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(None);
                }
                Pin::new(&mut changes).poll_next(cx)
            });
            match change.await {
                Some(change) => self.change(change).await,
                None => break,
            }
        }
        if shutdown.is_requested() {
            // The files of unix sockets are gone before the connections are waited for.
            self.entries.clear();
            drop(changes);
        }
        pending().await
    }

    async fn change(&mut self, change: Change) {
        let Change {
            mut remove,
            add,
            limits,
            done,
        } = change;
        let mut errors = Vec::new();
        if let Some(limits) = limits {
            // Before the endpoints, whose connections it is for too.
            self.tell(|done| Order::Limit {
                limits: Box::new(limits.clone()),
                done,
            })
            .await;
        }
        let mut heirs: Vec<Option<Prepared>> = Vec::with_capacity(add.len());
        for endpoint in add {
            let name = endpoint.name.clone();
            match self.prepare(endpoint, &remove, &heirs) {
                Ok(heir) => heirs.push(Some(heir)),
                Err(error) => {
                    // One that shall become something wrong stays what it is.
                    remove.retain(|removed| Some(removed) != name.as_ref());
                    errors.push(error);
                }
            }
        }
        for name in remove {
            let mut entries = self.entries.iter();
            let Some(at) = entries.position(|entry| entry.name.as_ref() == Some(&name)) else {
                let wrong = format!("there is no endpoint `{name}` to remove");
                errors.push(Error::configuration(wrong));
                continue;
            };
            // Whoever comes to the same site gets the sockets.
            let site = self.entries[at].site.as_ref();
            let heir = heirs.iter_mut().find(|heir| {
                let to = heir.as_ref().and_then(|heir| heir.site.as_ref());
                to.is_some() && to == site
            });
            match heir.and_then(Option::take) {
                Some(heir) => self.replace(at, heir).await,
                None => self.close(at).await,
            }
        }
        for heir in heirs.into_iter().flatten() {
            let opened = match self.binder.bind(heir) {
                Ok(bound) => self.open(bound).await,
                Err(error) => Err(error),
            };
            errors.extend(opened.err());
        }
        self.announce();
        for error in &errors {
            tracing::error!(target: "transom", "{}", error.report());
        }
        // Whoever asked may have gone.
        let _ = done.send(errors);
    }

    /// Checks an endpoint that comes when those of some names are gone.
    fn prepare(
        &self,
        endpoint: Endpoint,
        gone: &[String],
        others: &[Option<Prepared>],
    ) -> Result<Prepared, Error> {
        let stay = self.entries.iter().filter_map(|entry| entry.name.as_ref());
        let stay = stay.filter(|name| !gone.contains(name));
        let come = others
            .iter()
            .flatten()
            .filter_map(|heir| heir.name.as_ref());
        check_name(&endpoint, stay.chain(come).map(String::as_str))?;
        self.binder.prepare(endpoint)
    }

    async fn open(&mut self, bound: BoundEndpoint) -> Result<(), Error> {
        let label = bound.label();
        let served = self.serve(label, &bound.options);
        let mut opened = Vec::with_capacity(self.workers.len());
        for (worker, sockets) in self.workers.iter().zip(bound.sockets) {
            let (done, open) = oneshot::channel();
            let endpoint = Arc::clone(&served);
            // A worker that is gone drops the order, and with it `done`.
            let _ = worker.unbounded_send(Order::Open {
                endpoint,
                sockets,
                done,
            });
            opened.push(open);
        }
        self.entries.push(Entry {
            name: bound.name,
            site: bound.requested,
            listeners: bound.listeners,
            endpoint: served,
        });
        for open in opened {
            let gone = |_| Err(io::Error::other("it is about to stop"));
            if let Err(error) = open.await.unwrap_or_else(gone) {
                self.close(self.entries.len() - 1).await;
                return Err(Error::serve(self.server, error));
            }
        }
        Ok(())
    }

    /// Gives the sockets of one endpoint to another.
    async fn replace(&mut self, at: usize, by: Prepared) {
        let entry = &self.entries[at];
        let label = match &by.name {
            Some(name) => name.clone(),
            None => entry.endpoint.label.clone(),
        };
        let old = Arc::clone(&entry.endpoint);
        let served = self.serve(label, &by.options);
        self.tell(|done| Order::Replace {
            endpoint: Arc::clone(&old),
            by: Arc::clone(&served),
            done,
        })
        .await;
        let entry = &mut self.entries[at];
        entry.name = by.name;
        entry.endpoint = served;
    }

    async fn close(&mut self, at: usize) {
        let entry = self.entries.remove(at);
        self.tell(|done| Order::Close {
            endpoint: Arc::clone(&entry.endpoint),
            done,
        })
        .await;
        drop(entry);
    }

    /// Gives every worker an order, and waits until all have obeyed.
    async fn tell(&self, order: impl Fn(oneshot::Sender<()>) -> Order) {
        let mut obeyed = Vec::with_capacity(self.workers.len());
        for worker in &self.workers {
            let (done, obeys) = oneshot::channel();
            let _ = worker.unbounded_send(order(done));
            obeyed.push(obeys);
        }
        for obeys in obeyed {
            // A worker that is gone accepts nothing.
            let _ = obeys.await;
        }
    }

    fn serve(
        &mut self,
        label: String,
        options: &crate::hyper::options::EndpointOptions,
    ) -> Arc<ServedEndpoint> {
        let served = ServedEndpoint::new(label, options.clone(), &self.shutdown);
        let served = Arc::new(served);
        self.served.retain(|known| known.strong_count() > 0);
        self.served.push(Arc::downgrade(&served));
        served
    }

    /// Tells what is bound now.
    fn announce(&self) {
        let listeners = self.entries.iter().flat_map(|entry| &entry.listeners);
        self.addresses.set_bound(addresses(listeners));
    }
}

impl Drop for EndpointSet {
    fn drop(&mut self) {
        for served in self.served.iter().filter_map(Weak::upgrade) {
            served.upgraded.abort();
        }
    }
}

/// Checks that an endpoint has a name of its own, if it has one.
///
/// # Errors
///
/// [`Error::is_configuration`] with the name.
pub(in crate::hyper) fn check_name<'a>(
    endpoint: &Endpoint,
    mut others: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    match endpoint.name.as_deref() {
        Some(name) if others.any(|other| other == name) => Err(Error::configuration(format!(
            "there are two endpoints `{name}`; give each a name of its own"
        ))),
        _ => Ok(()),
    }
}

/// Returns the addresses of listeners, each once.
pub(in crate::hyper) fn addresses<'a>(
    listeners: impl Iterator<Item = &'a Listener>,
) -> Vec<ServerAddress> {
    let mut addresses: Vec<ServerAddress> = Vec::new();
    for listener in listeners {
        // Both loopbacks of `localhost` are one address.
        if !addresses.contains(listener.address()) {
            addresses.push(listener.address().clone());
        }
    }
    addresses
}
