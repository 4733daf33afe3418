//! A server on a port, and a client that writes bytes.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use transom::contract::ShutdownTrigger;
use transom::features::{ServerAddresses, ServerStatistics, Upgrade};
use transom::{
    Body, BoundServer, Error, HyperServer, Request, RequestExt, Response, Server, Shutdown,
};

/// Whatever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(8);

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) statistics: ServerStatistics,
    trigger: ShutdownTrigger,
    serving: JoinHandle<Result<(), Error>>,
}

/// Starts a server that says hello, and upgrades who asks for it until he closes.
pub(crate) async fn start(with: impl FnOnce(HyperServer) -> HyperServer) -> Running {
    let server = with(HyperServer::new("http://127.0.0.1:0"));
    let bound = server.bind().await.unwrap();
    let addresses = bound.features().require::<ServerAddresses>().unwrap();
    let address = addresses.bound()[0].connect_addr().unwrap();
    let statistics = bound
        .features()
        .require::<ServerStatistics>()
        .unwrap()
        .clone();
    let (trigger, shutdown) = Shutdown::pair();
    Running {
        address,
        statistics,
        trigger,
        serving: tokio::spawn(bound.serve(app, shutdown)),
    }
}

async fn app(request: Request) -> Response {
    tracing::info!("the application is called");
    let Some(offer) = request.feature::<dyn Upgrade>() else {
        return Response::new(Body::from("hello"));
    };
    let upgrading = offer.accept().unwrap();
    tokio::spawn(async move {
        let mut connection = upgrading.await.unwrap();
        let _ = connection.read(&mut [0; 8]).await;
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
    let upgrade = http::HeaderValue::from_static("echo");
    response.headers_mut().insert("upgrade", upgrade);
    response
}

impl Running {
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes on a new connection, and returns all that comes back until the server closes.
    pub(crate) async fn exchange(&self, bytes: &str) -> String {
        let mut client = self.connect().await;
        client.write_all(bytes.as_bytes()).await.unwrap();
        rest(client).await
    }

    /// Drops the server while it serves.
    pub(crate) async fn abort(self) {
        self.serving.abort();
        assert!(within(self.serving).await.unwrap_err().is_cancelled());
    }

    pub(crate) async fn stop(self) {
        self.trigger.request();
        within(self.serving).await.unwrap().unwrap();
    }
}

pub(crate) async fn rest(mut client: TcpStream) -> String {
    let mut read = Vec::new();
    // It may end with a reset.
    let _ = within(client.read_to_end(&mut read)).await;
    String::from_utf8(read).unwrap()
}

/// Reads until the text ends with `end`.
pub(crate) async fn until(client: &mut TcpStream, end: &str) {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        read.push(within(client.read_u8()).await.unwrap());
    }
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("nothing happened for {PATIENCE:?}"),
    }
}

/// Waits until it is so.
pub(crate) async fn eventually(what: &str, so: impl Fn() -> bool) {
    let wait = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, wait).await.is_err() {
        panic!("never: {what}");
    }
}
