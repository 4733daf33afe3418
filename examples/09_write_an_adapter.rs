//! Lesson 9: a whole adapter, in under 100 lines of code.
//!
//! `cargo run --example 09_write_an_adapter` hosts a pipeline on it, asks it something, and ends.
//!
//! The engine is hyper's HTTP/1 connection, bare: it knows neither addresses nor stops. The adapter gives it
//! both, and takes the rest from `transom::adapter`. What it leaves out is absent and not half there: it
//! offers no upgrade, takes TCP addresses alone, and leaves a bad `Host` to the application.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use transom::adapter::{Dispatcher, Listener, Socket, bind, bound_features};
use transom::features::{
    ConnectionInfo, Endpoint, RequestedAddresses, Scheme, ServerAddress, ServerInfo, Transport,
};
use transom::{Application, Body, BoundServer, Error, Features, Host, Request, Server, Shutdown};

// Before phase one there are options alone. `RequestedAddresses` keeps what was malformed until `bind`, so
// that making a server cannot fail.
struct SmallServer(RequestedAddresses);

impl Server for SmallServer {
    type Bound = BoundSmallServer;

    // Phase one takes all the addresses or none. Port 0 is a real port afterwards, and the features say so:
    // the pipeline is built from them. A client may connect from now on, and waits.
    async fn bind(mut self) -> Result<BoundSmallServer, Error> {
        let requested = self.0.take()?;
        let other = |it: &&ServerAddress| it.scheme() != Scheme::Http || it.unix_path().is_some();
        if let Some(other) = requested.iter().find(other) {
            let what = format!("`{other}` is not an address like `http://127.0.0.1:0`");
            return Err(Error::configuration(what));
        }
        let listeners = bind(&requested)?;
        let features = bound_features(ServerInfo::new("small", "1.0"), requested, &listeners);
        Ok(BoundSmallServer {
            listeners,
            features,
        })
    }

    // Lets a host fill in addresses from its settings.
    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        Some(&mut self.0)
    }
}

struct BoundSmallServer {
    listeners: Vec<Listener>,
    features: Features,
}

impl BoundServer for BoundSmallServer {
    fn features(&self) -> &Features {
        &self.features
    }

    // Phase two ends when `shutdown` was requested and everything that was begun has ended.
    async fn serve<A: Application>(mut self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        // What every server does around each call: features, limits, panics, framing, counting.
        let dispatcher = Dispatcher::new(app, self.features, &shutdown);
        let mut accepting = Vec::new();
        for listener in &mut self.listeners {
            if let Some(Socket::Tcp(socket)) = listener.take_socket() {
                let socket = TcpListener::from_std(socket).map_err(|e| Error::serve("small", e))?;
                accepting.push(accept(socket, dispatcher.clone(), shutdown.clone()));
            }
        }
        join_all(accepting).await;
        Ok(())
    }
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
                    connections.spawn(connection(stream, dispatcher.clone(), shutdown.clone()));
                }
                // No descriptor left, say. That passes, and until then must not spin.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    drop(listener); // Nothing new from here on. What was begun is answered.
    while connections.join_next().await.is_some() {}
}

async fn connection<A: Application>(
    stream: TcpStream,
    dispatcher: Dispatcher<A>,
    shutdown: Shutdown,
) -> io::Result<()> {
    let info = ConnectionInfo::new(Transport::Tcp)
        .with_local(Endpoint::Tcp(stream.local_addr()?))
        .with_remote(Endpoint::Tcp(stream.peer_addr()?));
    let connection = Arc::new(dispatcher.connection(info, Scheme::Http));
    let service = service_fn(|mut request: http::Request<hyper::body::Incoming>| {
        // hyper's own `OnUpgrade` would promise what this server does not keep.
        request.extensions_mut().clear();
        let call = dispatcher.call(&connection, request.map(Body::new));
        // An error is an application that hung up: hyper closes the connection. If the client goes away,
        // hyper drops the future, and so the application hears of it.
        call.run()
    });
    let mut engine = http1::Builder::new();
    // With a timer, a client that is slow with its head is given up after 30 s.
    engine.timer(TokioTimer::new());
    let mut serving = pin!(engine.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = &mut serving => return ended.map_err(io::Error::other),
        () = shutdown.requested() => serving.as_mut().graceful_shutdown(),
    }
    serving.await.map_err(io::Error::other)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = SmallServer(RequestedAddresses::parse("http://127.0.0.1:0"));
    let host = Host::builder(server).configure(|app| {
        app.map("/health", |health| {
            health.run_fn(|_| async { StatusCode::OK })
        })
        .run_fn(|request: Request| async move { format!("you asked for {}\n", request.uri()) })
    });
    let host = host.start().await?;
    let address = &host.addresses()[0];
    println!("{address} answers:\n");

    let at = address.connect_addr().ok_or("it is not an address of IP")?;
    let mut client = TcpStream::connect(at).await?;
    client
        .write_all(b"GET /hello HTTP/1.1\r\nhost: example.com\r\nconnection: close\r\n\r\n")
        .await?;
    let mut answer = String::new();
    client.read_to_string(&mut answer).await?;
    println!("{answer}");
    assert!(answer.ends_with("you asked for /hello\n"));

    host.stop().await?;
    Ok(())
}
