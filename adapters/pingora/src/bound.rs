use std::fmt;
use std::sync::Arc;

use futures_util::future::join_all;
use transom::adapter::{Dispatcher, Listener};
use transom::features::Scheme;
use transom::{Application, BoundServer, Error, Features, Shutdown};
use transom_adapter_tokio::{Listening, Upgrades, accept_each};

use crate::connection::Server;
use crate::server::{Options, info};

/// A [`PingoraServer`](crate::PingoraServer) that holds its addresses.
pub struct PingoraBoundServer {
    listeners: Vec<Listener>,
    features: Features,
    options: Options,
}

impl PingoraBoundServer {
    pub(crate) fn new(listeners: Vec<Listener>, features: Features, options: Options) -> Self {
        Self {
            listeners,
            features,
            options,
        }
    }
}

impl BoundServer for PingoraBoundServer {
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
        let (head_timeout, keep_alive_timeout) = options.timeouts();
        let dispatcher = Dispatcher::new(app, features, &shutdown)
            .with_max_request_body_size(options.max_request_body_size);
        let statistics = dispatcher.statistics().clone();
        let server = Arc::new(Server {
            dispatcher,
            shutdown,
            head_timeout,
            keep_alive_timeout,
            configure_h2: options.configure_h2,
        });
        let upgrades = Ends(Upgrades::default());
        // Not spawned: the sockets are closed at once when this future is dropped.
        let mut accepting = Vec::with_capacity(listeners.len());
        for listener in &mut listeners {
            let Some(socket) = listener.take_socket() else {
                continue;
            };
            let listening = Listening::new(socket).map_err(|error| Error::serve(info(), error))?;
            let tls = match listener.address().scheme() {
                Scheme::Https => options.tls.clone(),
                _ => None,
            };
            let (server, upgrades) = (&server, &upgrades.0);
            accepting.push(accept_each(listening, &server.shutdown, move |socket| {
                Arc::clone(server).answer(socket, tls.clone(), upgrades.clone())
            }));
        }
        join_all(accepting).await;
        statistics.idle().await;
        Ok(())
    }
}

impl fmt::Debug for PingoraBoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PingoraBoundServer")
            .field("listeners", &self.listeners)
            .finish_non_exhaustive()
    }
}

/// Ends what was upgraded when it is dropped.
struct Ends(Upgrades);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.end();
    }
}
