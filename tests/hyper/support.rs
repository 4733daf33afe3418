use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use transom::contract::ShutdownTrigger;
use transom::features::{ServerAddresses, ServerStatistics};
use transom::{
    Application, Body, BoundServer, Error, HyperServer, Request, Response, Server, Shutdown,
};

/// Whatever takes longer hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) statistics: ServerStatistics,
    pub(crate) trigger: ShutdownTrigger,
    pub(crate) serving: JoinHandle<Result<(), Error>>,
}

pub(crate) async fn start<A: Application>(app: A) -> Running {
    start_with(HyperServer::new("http://127.0.0.1:0"), app).await
}

pub(crate) async fn start_with<A: Application>(server: HyperServer, app: A) -> Running {
    let bound = server.bind().await.unwrap();
    let features = bound.features();
    let address = features.require::<ServerAddresses>().unwrap().bound()[0].connect_addr();
    let statistics = features.require::<ServerStatistics>().unwrap().clone();
    let (trigger, shutdown) = Shutdown::pair();
    Running {
        address: address.unwrap(),
        statistics,
        trigger,
        serving: tokio::spawn(bound.serve(app, shutdown)),
    }
}

/// Returns where a server is to be reached.
pub(crate) fn address(bound: &impl BoundServer) -> SocketAddr {
    let addresses = bound.features().require::<ServerAddresses>().unwrap();
    addresses.bound()[0].connect_addr().unwrap()
}

impl Running {
    pub(crate) async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// Sends bytes on a new connection, and returns all that comes back until the server closes.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.rest().await
    }

    /// Asks to stop, and returns when it has stopped.
    pub(crate) async fn stop(self) {
        self.trigger.request();
        within(self.serving).await.unwrap().unwrap();
    }
}

pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.0.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Reads until the text ends with `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            match within(self.0.read_u8()).await {
                Ok(byte) => read.push(byte),
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&read)),
            }
        }
        String::from_utf8_lossy(&read).into_owned()
    }

    /// Reads until the server closes.
    pub(crate) async fn rest(&mut self) -> String {
        String::from_utf8_lossy(&self.bytes().await).into_owned()
    }

    /// Reads until the server closes.
    pub(crate) async fn bytes(&mut self) -> Vec<u8> {
        let mut read = Vec::new();
        within(self.0.read_to_end(&mut read)).await.unwrap();
        read
    }

    /// Reads until the server closes or resets.
    pub(crate) async fn bytes_or_reset(&mut self) -> Vec<u8> {
        let mut read = Vec::new();
        let _ = within(self.0.read_to_end(&mut read)).await;
        read
    }

    /// Reads until the server closes, or cuts.
    pub(crate) async fn rest_or_reset(&mut self) -> String {
        let mut read = Vec::new();
        let _ = within(self.0.read_to_end(&mut read)).await;
        String::from_utf8_lossy(&read).into_owned()
    }

    /// Resets the connection.
    pub(crate) fn reset(self) {
        self.0.set_zero_linger().unwrap();
    }
}

/// Answers `text` to everything.
pub(crate) fn says(text: &'static str) -> impl Application {
    move |_: Request| async move { Response::new(Body::from(text)) }
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
