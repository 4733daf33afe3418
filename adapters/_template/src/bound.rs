use std::io;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use transom::adapter::{Dispatcher, Listener, Socket};
use transom::{Application, BoundServer, Error, Features, Shutdown};

use crate::connection::serve;

/// How long accepting rests after an error: no descriptor is left, say, which passes, and must not spin.
const REST: Duration = Duration::from_millis(50);

/// A [`TemplateServer`](crate::TemplateServer) that holds its addresses.
#[derive(Debug)]
pub struct TemplateBoundServer {
    pub(crate) listeners: Vec<Listener>,
    pub(crate) features: Features,
    pub(crate) max_request_body_size: Option<Option<u64>>,
}

impl BoundServer for TemplateBoundServer {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(mut self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        // What every server does around each call: features, limits, panics, framing, counting.
        let mut dispatcher = Dispatcher::new(app, self.features, &shutdown);
        if let Some(limit) = self.max_request_body_size {
            dispatcher = dispatcher.with_max_request_body_size(limit);
        }
        let mut accepting = Vec::with_capacity(self.listeners.len());
        for listener in &mut self.listeners {
            if let Some(Socket::Tcp(socket)) = listener.take_socket() {
                let socket = TcpListener::from_std(socket).map_err(failed)?;
                accepting.push(accept(socket, dispatcher.clone(), shutdown.clone()));
            }
        }
        join_all(accepting).await;
        Ok(())
    }
}

fn failed(error: io::Error) -> Error {
    Error::serve("template", error)
}

async fn accept<A: Application>(
    listener: TcpListener,
    dispatcher: Dispatcher<A>,
    shutdown: Shutdown,
) {
    // Nothing is spawned without an owner: dropping the future of `serve` aborts every connection.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.requested() => break,
            // A connection that failed is its client's affair. Those that ended must not pile up.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, dispatcher.clone(), shutdown.clone()));
                }
                Err(_) => tokio::time::sleep(REST).await,
            },
        }
    }
    // Nothing new from here on. What was begun is answered.
    drop(listener);
    while connections.join_next().await.is_some() {}
}
