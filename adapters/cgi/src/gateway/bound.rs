use std::io;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use transom::adapter::{Dispatcher, Listener, bind_with, bound_features};
use transom::features::{Scheme, ServerInfo};
use transom::{Application, Error, Features, Shutdown};

use super::accept::Acceptor;
use super::inherited::inherited;
use super::link::{Link, Serving};
use super::options::Options;

/// A server that holds its addresses, whatever it speaks.
#[derive(Debug)]
pub(crate) struct Bound {
    name: &'static str,
    listeners: Vec<Listener>,
    pub(crate) features: Features,
    options: Options,
}

impl Bound {
    /// Binds the addresses of a server of that name.
    ///
    /// # Errors
    ///
    /// As those of [`bind_with`]; and [`Error::is_configuration`] for what else cannot be.
    pub(crate) fn new(name: &'static str, mut options: Options) -> Result<Self, Error> {
        options.peers.check()?;
        let requested = match options.is_inherited && options.requested.is_empty() {
            true => Vec::new(),
            false => options.requested.take()?,
        };
        if let Some(secure) = requested
            .iter()
            .find(|address| address.scheme() != Scheme::Http)
        {
            return Err(Error::configuration(format!(
                "`{secure}`: {name} has no TLS, which is the gateway's; write it with `http://`"
            )));
        }
        if options.max_connections == Some(0) {
            return Err(Error::configuration(
                "no connections at all are no server; write `None` for any number",
            ));
        }
        let mut listeners = match options.is_inherited {
            true => inherited()?,
            false => Vec::new(),
        };
        listeners.extend(bind_with(&requested, &options.sockets)?);
        let info = ServerInfo::new(name, env!("CARGO_PKG_VERSION"))
            .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let mut features = bound_features(info, requested, &listeners);
        features.insert(options.limits());
        Ok(Self {
            name,
            listeners,
            features,
            options,
        })
    }

    /// Serves each connection by `connection`, until the server is stopped and all have ended.
    pub(crate) async fn serve<A, F, Running>(
        mut self,
        app: A,
        shutdown: Shutdown,
        connection: F,
    ) -> Result<(), Error>
    where
        A: Application,
        F: Fn(Link, Arc<Serving<A>>) -> Running + Copy,
        Running: Future<Output = ()> + Send + 'static,
    {
        let dispatcher = Dispatcher::new(app, self.features, &shutdown)
            .with_max_request_body_size(self.options.max_request_body_size);
        let places = self.options.max_connections.map(|max| {
            let max = max.min(Semaphore::MAX_PERMITS);
            Arc::new(Semaphore::new(max))
        });
        let serving = Arc::new(Serving {
            dispatcher,
            options: self.options,
            shutdown,
        });
        let sockets = self.listeners.iter_mut().filter_map(Listener::take_socket);
        let acceptors: io::Result<Vec<_>> = sockets.map(Acceptor::new).collect();
        let acceptors = acceptors.map_err(|error| Error::serve(self.name, error))?;
        let accepting = acceptors
            .into_iter()
            .map(|acceptor| acceptor.run(Arc::clone(&serving), places.clone(), connection));
        join_all(accepting).await;
        Ok(())
    }
}
