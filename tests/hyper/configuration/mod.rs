//! The server as a file says it.

mod certificates;
mod endpoints;
mod limits;
mod reload;
mod serving;
mod wrong;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use transom::features::{
    MaxRequestBodySize, ServerAddresses, ServerLimits, ServerReload, ServerStatistics,
};
use transom::hyper::HyperConfiguration;
use transom::{
    Application, Body, BoundServer, HyperServer, Request, RequestExt, Response, Server, Shutdown,
};

use crate::support::{Client, Running, eventually, within};

/// How often the files are looked at here.
const OFTEN: Option<Duration> = Some(Duration::from_millis(5));

/// A server that is configured by a file, with its addresses as they are now.
pub(crate) struct Served {
    pub(crate) folder: Folder,
    addresses: ServerAddresses,
    reload: ServerReload,
    limits: ServerLimits,
    pub(crate) running: Running,
}

const FILE: &str = "server.toml";

impl Served {
    /// Serves "hello" with what the file says.
    pub(crate) async fn start(toml: &str) -> Self {
        Self::start_with(Folder::new(), HyperServer::default(), toml).await
    }

    pub(crate) async fn start_with(folder: Folder, server: HyperServer, toml: &str) -> Self {
        let path = folder.write(FILE, toml);
        let configuration = match HyperConfiguration::from_file(path) {
            Ok(configuration) => configuration.with_reload_interval(OFTEN),
            Err(error) => panic!("{}", error.report()),
        };
        let bound = server.with_configuration(configuration).bind().await;
        let bound = match bound {
            Ok(bound) => bound,
            Err(error) => panic!("{}", error.report()),
        };
        let features = bound.features();
        let addresses = features.require::<ServerAddresses>().unwrap().clone();
        let statistics = features.require::<ServerStatistics>().unwrap().clone();
        let reload = features.require::<ServerReload>().unwrap().clone();
        let limits = features.require::<ServerLimits>().unwrap().clone();
        let (trigger, shutdown) = Shutdown::pair();
        let address = addresses.bound()[0].connect_addr().unwrap();
        Self {
            folder,
            addresses,
            reload,
            limits,
            running: Running {
                address,
                statistics,
                trigger,
                serving: tokio::spawn(bound.serve(hello(), shutdown)),
            },
        }
    }

    /// Changes the file.
    pub(crate) fn rewrite(&self, toml: &str) {
        self.folder.write(FILE, toml);
    }

    /// Waits until there are so many addresses.
    pub(crate) async fn addresses(&self, count: usize) -> Vec<SocketAddr> {
        let bound = || self.addresses.bound();
        eventually("so many addresses", || bound().len() == count).await;
        let bound = bound();
        let addresses = bound.iter().filter_map(|address| address.connect_addr());
        addresses.collect()
    }

    /// Connects to the endpoint that was there first.
    pub(crate) async fn connect(&self) -> Client {
        self.running.connect().await
    }
}

/// Answers "hello", with the limit of a request's body in a field.
fn hello() -> impl Application {
    |request: Request| async move {
        let limit = request
            .feature::<MaxRequestBodySize>()
            .map(|size| size.limit());
        let mut response = Response::new(Body::from("hello"));
        let shown = format!("{limit:?}").parse().unwrap();
        response.headers_mut().insert("x-limit", shown);
        response
    }
}

/// A folder for a test's files, removed at its end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("transom-configuration-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Writes a file in one step, as a careful tool does.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let (path, new) = (self.0.join(name), self.0.join(format!("{name}.new")));
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, &path).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Asks on a connection, which stays.
async fn ask(client: &mut Client) {
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(client.until("hello").await.starts_with("HTTP/1.1 200 "));
}

/// Connects to an address.
async fn connect(address: SocketAddr) -> Client {
    Client(within(TcpStream::connect(address)).await.unwrap())
}

/// Reads TOML that is right.
fn read(toml: &str) -> HyperConfiguration {
    match HyperConfiguration::from_toml_str(toml) {
        Ok(configuration) => configuration,
        Err(error) => panic!("{}", error.report()),
    }
}

/// Says what is wrong with TOML.
fn problem(toml: &str) -> String {
    let error = HyperConfiguration::from_toml_str(toml).expect_err("something is wrong");
    assert!(error.is_configuration());
    error.report()
}
