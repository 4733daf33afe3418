//! A server that does as a test says, and writes down what happens to it.

use std::future::{Future, pending};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use transom::features::{
    Counted, EndsByItself, RequestedAddresses, Scheme, ServerAddress, ServerAddresses, ServerInfo,
    ServerStatistics,
};
use transom::{Application, BoundServer, Error, Features, Server, Shutdown};

/// What happened, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.0
            .lock()
            .expect("no test panics here")
            .push(what.into());
    }

    pub(crate) fn entries(&self) -> Vec<String> {
        self.0.lock().expect("no test panics here").clone()
    }
}

/// What a scripted server does once it serves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Serve {
    /// Ends as soon as it is asked to.
    UntilAsked,
    /// Never ends by itself, with so many requests and upgraded connections in flight.
    Forever { requests: usize, upgraded: usize },
    /// Fails at once.
    Fail,
    /// Ends at once, without having been asked to.
    End,
    /// Ends at once, and has said that it would.
    EndByItself,
    /// Fails at once, although it would end by itself.
    FailByItself,
    /// Panics at once.
    Panic,
    /// Ends with an error when it is asked to end.
    FailWhenAsked,
}

pub(crate) struct Scripted {
    name: &'static str,
    requested: Option<RequestedAddresses>,
    serve: Serve,
    journal: Journal,
}

impl Scripted {
    /// A server that takes addresses, with those of its own.
    pub(crate) fn new(name: &'static str, addresses: &str, journal: &Journal) -> Self {
        Self {
            name,
            requested: Some(RequestedAddresses::parse(addresses)),
            serve: Serve::UntilAsked,
            journal: journal.clone(),
        }
    }

    /// A server that takes no addresses.
    pub(crate) fn without_addresses(name: &'static str, journal: &Journal) -> Self {
        Self {
            requested: None,
            ..Self::new(name, "", journal)
        }
    }

    pub(crate) fn that(self, serve: Serve) -> Self {
        Self { serve, ..self }
    }
}

impl Server for Scripted {
    type Bound = BoundScripted;

    async fn bind(self) -> Result<BoundScripted, Error> {
        self.journal.note(format!("bind {}", self.name));
        let mut features = Features::new();
        features.insert(ServerInfo::new(self.name, "1"));
        features.insert(ServerStatistics::new());
        if let Serve::EndByItself | Serve::FailByItself = self.serve {
            features.insert(EndsByItself::new());
        }
        let mut listeners = Vec::new();
        if let Some(mut requested) = self.requested {
            let requested = requested.take()?;
            let mut bound = Vec::new();
            for address in &requested {
                for socket in address.socket_addrs() {
                    let listener =
                        TcpListener::bind(socket).map_err(|cause| Error::bind(address, cause))?;
                    let local = listener.local_addr().expect("it is bound");
                    bound.push(ServerAddress::tcp(Scheme::Http, local));
                    listeners.push(listener);
                }
            }
            features.insert(ServerAddresses::new(requested, bound));
        }
        Ok(BoundScripted {
            features,
            serve: self.serve,
            held: Held {
                name: self.name,
                listeners,
                journal: self.journal,
            },
        })
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        self.requested.as_mut()
    }
}

pub(crate) struct BoundScripted {
    features: Features,
    serve: Serve,
    held: Held,
}

/// Notes when the server is gone, and with it its sockets.
struct Held {
    name: &'static str,
    listeners: Vec<TcpListener>,
    journal: Journal,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.listeners.clear();
        self.journal.note(format!("gone {}", self.name));
    }
}

impl BoundServer for BoundScripted {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, _app: A, shutdown: Shutdown) -> Result<(), Error> {
        let Held { name, journal, .. } = &self.held;
        journal.note(format!("serve {name}"));
        let statistics = self.features.require::<ServerStatistics>()?;
        match self.serve {
            Serve::UntilAsked => {
                shutdown.requested().await;
                journal.note(format!("asked {name}"));
                Ok(())
            }
            Serve::Forever { requests, upgraded } => {
                let _requests: Vec<Counted> =
                    (0..requests).map(|_| statistics.count_request()).collect();
                let _upgraded: Vec<Counted> =
                    (0..upgraded).map(|_| statistics.count_upgraded()).collect();
                pending().await
            }
            Serve::Fail | Serve::FailByItself => {
                Err(Error::serve(name, std::io::Error::other("out of luck")))
            }
            Serve::End | Serve::EndByItself => Ok(()),
            Serve::Panic => panic!("as the script says"),
            Serve::FailWhenAsked => {
                shutdown.requested().await;
                Err(Error::serve(name, std::io::Error::other("out of luck")))
            }
        }
    }
}

/// A limit for everything that a test waits for.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    crate::log::install();
    tokio::time::timeout(Duration::from_secs(10), future)
        .await
        .expect("it should have happened within 10 seconds")
}

/// Returns whether somebody could bind the address now.
pub(crate) fn is_free(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_ok()
}

/// An address that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    listener.local_addr().expect("it is bound")
}
