//! A server that is sound but for one thing that it does in its life.

use std::future::pending;
use std::net::TcpListener;

use transom::contract::BoxBoundServer;
use transom::features::{
    RequestedAddresses, ServerAddress, ServerAddresses, ServerInfo, ServerStatistics,
};
use transom::{
    Application, Body, BoundServer, BoxServer, Error, Features, HyperServer, Request, Response,
    Server, Shutdown,
};

use crate::faulty::wrapped;

/// What it does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Twist {
    /// It does not hear that it shall stop.
    Deaf,
    /// It drops everything when it shall stop.
    Hasty,
    /// It goes on as if nothing was until nothing is in flight.
    Late,
    /// It goes on when its future is dropped.
    Immortal,
    /// It answers before it serves.
    Early,
    /// It lists its ports as they were asked for.
    UnresolvedPort,
    /// It lists one address of several.
    OneAddress,
    /// An error of its `bind` names no address.
    NamesNoAddress,
    /// What it bound before an address failed stays bound.
    KeepsOthers,
    /// Its addresses stay taken when it is gone.
    KeepsAddress,
    /// It is another server behind `BoxServer`.
    TwoFaced,
}

pub(crate) struct Twisted {
    server: HyperServer,
    twist: Twist,
}

impl Twisted {
    pub(crate) fn new(twist: Twist) -> Self {
        Self::of(HyperServer::new("http://127.0.0.1:0"), twist)
    }

    pub(crate) fn of(server: HyperServer, twist: Twist) -> Self {
        Self { server, twist }
    }
}

impl Server for Twisted {
    type Bound = BoundTwisted;

    async fn bind(mut self) -> Result<BoundTwisted, Error> {
        let requested = self.server.requested_addresses().cloned();
        let requested = requested.unwrap_or_default().take()?;
        let server = match self.server.boxed().bind().await {
            Ok(server) => server,
            Err(error) => return Err(fail(self.twist, &requested, error)),
        };
        let mut features = server.features().clone();
        let bound = features.require::<ServerAddresses>()?.bound();
        match self.twist {
            Twist::UnresolvedPort => {
                features.insert(ServerAddresses::new(requested.clone(), requested));
            }
            Twist::OneAddress => {
                features.insert(ServerAddresses::new(requested, bound[..1].to_vec()));
            }
            _ => {}
        }
        let mut server = Some(server);
        if self.twist == Twist::Early
            && let Some(server) = server.take()
        {
            let early = |_: Request| async { Response::new(Body::from("at once")) };
            tokio::spawn(server.serve(early, Shutdown::never()));
        }
        Ok(BoundTwisted {
            server,
            features,
            twist: self.twist,
            _keeper: (self.twist == Twist::KeepsAddress).then_some(Keeper(bound)),
        })
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        self.server.requested_addresses()
    }

    fn boxed(self) -> BoxServer {
        match self.twist {
            Twist::TwoFaced => wrapped(self.server.boxed(), |mut request, next| {
                request.headers_mut().clear();
                next.run(request)
            }),
            _ => Whole(self).boxed(),
        }
    }
}

/// Has the `boxed` of every server.
struct Whole(Twisted);

impl Server for Whole {
    type Bound = BoundTwisted;

    async fn bind(self) -> Result<BoundTwisted, Error> {
        self.0.bind().await
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        self.0.requested_addresses()
    }
}

fn fail(twist: Twist, requested: &[ServerAddress], error: Error) -> Error {
    match twist {
        Twist::NamesNoAddress => Error::bind("an address", std::io::Error::other("it is taken")),
        Twist::KeepsOthers => {
            drop(Keeper(requested.to_vec()));
            error
        }
        _ => error,
    }
}

/// Takes its addresses, for ever, when it is dropped.
struct Keeper(Vec<ServerAddress>);

impl Drop for Keeper {
    fn drop(&mut self) {
        for address in &self.0 {
            if let Some(path) = address.unix_path() {
                let _ = std::fs::write(path, "");
            }
            for address in address.socket_addrs() {
                std::mem::forget(TcpListener::bind(address));
            }
        }
    }
}

pub(crate) struct BoundTwisted {
    /// Gone if it serves already.
    server: Option<BoxBoundServer>,
    features: Features,
    twist: Twist,
    /// Dropped behind the server.
    _keeper: Option<Keeper>,
}

impl BoundServer for BoundTwisted {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let Self {
            server,
            features,
            twist,
            _keeper,
        } = self;
        let Some(server) = server else {
            return pending().await;
        };
        match twist {
            Twist::Deaf => server.serve(app, Shutdown::never()).await,
            Twist::Hasty => tokio::select! {
                biased;
                () = shutdown.requested() => Ok(()),
                end = server.serve(app, shutdown.clone()) => end,
            },
            Twist::Late => {
                let statistics = features.require::<ServerStatistics>()?.clone();
                tokio::select! {
                    end = server.serve(app, Shutdown::never()) => end,
                    () = async {
                        shutdown.requested().await;
                        statistics.idle().await;
                    } => Ok(()),
                }
            }
            Twist::Immortal => {
                let serving = tokio::spawn(async move { server.serve(app, shutdown).await });
                let name = features.require::<ServerInfo>()?;
                serving.await.map_err(|error| Error::serve(name, error))?
            }
            _ => server.serve(app, shutdown).await,
        }
    }
}
