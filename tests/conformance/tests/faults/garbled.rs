//! A sound server behind something that changes the bytes of HTTP/1.1 on their way.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use transom::features::{ServerAddress, ServerAddresses};
use transom::{
    Application, BoundServer, BoxServer, Error, Features, HyperServer, Server, Shutdown,
};

/// Changes bytes as they come; once more, with none, at their end.
pub(crate) type Garble = fn(&mut Vec<u8>, End);

/// Whether there is more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Open,
    Closed,
}

/// A server whose responses are changed.
pub(crate) fn responses(garble: Garble) -> BoxServer {
    responses_of(http, garble)
}

/// As [`responses`], of another server than one in cleartext.
pub(crate) fn responses_of(server: fn() -> HyperServer, garble: Garble) -> BoxServer {
    Garbled {
        server,
        requests: |_, _| {},
        responses: garble,
    }
    .boxed()
}

/// A server to which requests come changed.
pub(crate) fn requests(garble: Garble) -> BoxServer {
    Garbled {
        server: http,
        requests: garble,
        responses: |_, _| {},
    }
    .boxed()
}

/// Replaces text.
pub(crate) fn replace(bytes: &mut Vec<u8>, from: &str, to: &str) {
    let found = |bytes: &[u8]| {
        let mut windows = bytes.windows(from.len());
        windows.position(|at| at == from.as_bytes())
    };
    let (mut rest, mut changed) = (std::mem::take(bytes), Vec::new());
    while let Some(at) = found(&rest) {
        changed.extend_from_slice(&rest[..at]);
        changed.extend_from_slice(to.as_bytes());
        rest.drain(..at + from.len());
    }
    changed.append(&mut rest);
    *bytes = changed;
}

#[derive(Clone, Copy)]
struct Garbled {
    server: fn() -> HyperServer,
    requests: Garble,
    responses: Garble,
}

struct BoundGarbled {
    garbled: Garbled,
    listener: TcpListener,
    server: <HyperServer as Server>::Bound,
    features: Features,
}

impl Server for Garbled {
    type Bound = BoundGarbled;

    async fn bind(self) -> Result<BoundGarbled, Error> {
        let server = (self.server)().bind().await?;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut features = server.features().clone();
        let behind = features.require::<ServerAddresses>().unwrap().bound()[0].scheme();
        let address = ServerAddress::tcp(behind, listener.local_addr().unwrap());
        features.insert(ServerAddresses::new(Vec::new(), vec![address]));
        Ok(BoundGarbled {
            garbled: self,
            listener,
            server,
            features,
        })
    }
}

impl BoundServer for BoundGarbled {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let behind = self.server.features().require::<ServerAddresses>();
        let behind = behind.unwrap().bound()[0].connect_addr().unwrap();
        let garbled = self.garbled;
        let passing = async {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = self.listener.accept().await {
                connections.spawn(async move {
                    let server = TcpStream::connect(behind).await.unwrap();
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    tokio::join!(
                        pass(from_client, to_server, garbled.requests),
                        pass(from_server, to_client, garbled.responses),
                    )
                });
            }
        };
        tokio::select! {
            served = self.server.serve(app, shutdown) => served,
            () = passing => Ok(()),
        }
    }
}

/// Passes bytes on. However they end, the end is an orderly one.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    garble: Garble,
) -> io::Result<()> {
    let mut end = End::Open;
    while end == End::Open {
        let mut bytes = Vec::with_capacity(64 * 1024);
        if !matches!(from.read_buf(&mut bytes).await, Ok(1..)) {
            end = End::Closed;
        }
        garble(&mut bytes, end);
        to.write_all(&bytes).await?;
    }
    to.shutdown().await
}

fn http() -> HyperServer {
    HyperServer::new("http://127.0.0.1:0")
}
