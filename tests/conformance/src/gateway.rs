use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use transom::features::{RequestedAddresses, TlsInfo};
use transom::{
    Application, BoundServer, Error, Feature, Features, Request, Response, Server, Shutdown,
};

use crate::Outcome;

/// What stands between clients and a server that no client reaches by itself, such as one of FastCGI or AWS
/// Lambda: the client's side of the server's own protocol.
///
/// It carries requests as they are, and adds nothing but what that protocol says of a client and its
/// connection. So what the cases see is the server's doing.
#[derive(Clone)]
pub struct Gateway(Arc<dyn Fn(Features) -> Connecting + Send + Sync>);

type Connecting = Pin<Box<dyn Future<Output = Outcome<GatewayConnection>> + Send>>;

impl Gateway {
    /// Returns a gateway. `connect` is called for each client, with the features of the bound server, where
    /// its address is.
    pub fn new<Answer>(connect: impl Fn(Features) -> Answer + Send + Sync + 'static) -> Self
    where
        Answer: Future<Output = Outcome<GatewayConnection>> + Send + 'static,
    {
        Self(Arc::new(move |server| Box::pin(connect(server))))
    }

    /// Returns a server that is reached through this gateway: what `start` of a [`Target`](crate::Target) is
    /// to make.
    pub fn before<S: Server>(self, server: S) -> BehindGateway<S> {
        BehindGateway {
            server,
            gateway: self,
        }
    }

    pub(crate) async fn connect(&self, server: &Features) -> Outcome<GatewayConnection> {
        (self.0)(server.clone()).await
    }
}

impl Feature for Gateway {
    const NAME: &'static str = "conformance.gateway";
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gateway")
    }
}

/// One client's connection through a [`Gateway`].
///
/// Dropping a response, or the future of one, before its end is a client that goes away, and so is dropping
/// the last clone of the connection.
#[derive(Clone)]
pub struct GatewayConnection {
    send: Arc<dyn Fn(Request) -> Sending + Send + Sync>,
    pub(crate) ends: Option<(SocketAddr, SocketAddr)>,
    pub(crate) tls: Option<TlsInfo>,
}

type Sending = Pin<Box<dyn Future<Output = Outcome<Response>> + Send>>;

impl GatewayConnection {
    /// Returns a connection. `send` carries one request, whose URI is a path and query, and returns the
    /// response once its head is there; it fails if the server hung up.
    pub fn new<Answer>(send: impl Fn(Request) -> Answer + Send + Sync + 'static) -> Self
    where
        Answer: Future<Output = Outcome<Response>> + Send + 'static,
    {
        Self {
            send: Arc::new(move |request| Box::pin(send(request))),
            ends: None,
            tls: None,
        }
    }

    /// Sets which ends of the client's connection the gateway tells of: the client's, and its own. A port of 0
    /// is one that it does not tell.
    #[must_use]
    pub fn with_ends(self, client: SocketAddr, gateway: SocketAddr) -> Self {
        Self {
            ends: Some((client, gateway)),
            ..self
        }
    }

    /// Sets what the gateway tells of its TLS.
    #[must_use]
    pub fn with_tls(self, tls: TlsInfo) -> Self {
        Self {
            tls: Some(tls),
            ..self
        }
    }

    pub(crate) async fn send(&self, request: Request) -> Outcome<Response> {
        (self.send)(request).await
    }
}

impl fmt::Debug for GatewayConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayConnection")
            .field("ends", &self.ends)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// A server that is reached through a [`Gateway`], which is a feature of it.
#[derive(Debug)]
pub struct BehindGateway<S> {
    server: S,
    gateway: Gateway,
}

impl<S: Server> Server for BehindGateway<S> {
    type Bound = BoundBehindGateway<S::Bound>;

    async fn bind(self) -> Result<Self::Bound, Error> {
        let server = self.server.bind().await?;
        let mut features = Features::scope(Arc::new(server.features().clone()));
        features.insert(self.gateway);
        Ok(BoundBehindGateway { server, features })
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        self.server.requested_addresses()
    }
}

/// A bound server that is reached through a [`Gateway`].
#[derive(Debug)]
pub struct BoundBehindGateway<B> {
    server: B,
    features: Features,
}

impl<B: BoundServer> BoundServer for BoundBehindGateway<B> {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        self.server.serve(app, shutdown).await
    }
}
