use std::fmt;
use std::sync::Arc;

use futures_util::future::join_all;
use transom::adapter::{Dispatcher, Listener};
use transom::{Application, BoundServer, Error, Features, Shutdown};
use transom_adapter_tokio::{Listening, accept_each};
use trillium_http::HttpContext;

use crate::connection;
use crate::hub::Hub;
use crate::server::{Options, info};

/// A [`TrilliumServer`](crate::TrilliumServer) that holds its addresses.
pub struct TrilliumBoundServer {
    listeners: Vec<Listener>,
    features: Features,
    options: Options,
}

impl TrilliumBoundServer {
    pub(crate) fn new(listeners: Vec<Listener>, features: Features, options: Options) -> Self {
        Self {
            listeners,
            features,
            options,
        }
    }
}

impl BoundServer for TrilliumBoundServer {
    fn features(&self) -> &Features {
        &self.features
    }

    /// # Panics
    ///
    /// Panics when it is polled outside of a tokio runtime.
    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let Self {
            mut listeners,
            features,
            options,
        } = self;
        let dispatcher = Dispatcher::new(app, features, &shutdown)
            .with_max_request_body_size(options.max_request_body_size);
        let hub = Arc::new(Hub {
            dispatcher,
            context: Arc::new(HttpContext::new().with_config(options.config)),
            timeouts: options.timeouts,
            tls: options.tls,
            shutdown,
        });
        let mut accepting = Vec::with_capacity(listeners.len());
        for listener in &mut listeners {
            let Some(socket) = listener.take_socket() else {
                continue;
            };
            let listening = Listening::new(socket).map_err(|error| Error::serve(info(), error))?;
            let (hub, scheme) = (&hub, listener.address().scheme());
            accepting.push(accept_each(listening, &hub.shutdown, move |socket| {
                connection::serve(Arc::clone(hub), socket, scheme)
            }));
        }
        // The listeners, emptied, remove the files of unix sockets when they are dropped.
        join_all(accepting).await;
        Ok(())
    }
}

impl fmt::Debug for TrilliumBoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrilliumBoundServer")
            .field("listeners", &self.listeners)
            .finish_non_exhaustive()
    }
}
