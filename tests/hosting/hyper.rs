//! The same on sockets, with the default server.

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use transom::features::{RequestExt, ServerAddress, ServerAddresses, ServerLifetime};
use transom::{Host, HyperServer, Request, RunningHost};

use crate::scripted::{free_address, is_free, soon};

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn every_listener_has_its_address_before_the_host_has_started() {
    let socket = Socket::new("addresses");
    let urls = format!(
        "http://127.0.0.1:0;http://0.0.0.0:0;http://unix:{}",
        socket.0.display()
    );
    let (seen, saw) = std::sync::mpsc::channel();
    let host = Host::builder(HyperServer::new(&urls)).try_configure(move |app| {
        seen.send(
            app.server_features()
                .require::<ServerAddresses>()?
                .bound()
                .to_vec(),
        )
        .unwrap();
        Ok(app.build())
    });
    let host = soon(host.start()).await.unwrap();
    let configured = saw.try_recv().unwrap();
    assert_eq!(configured, host.addresses());
    let shown: Vec<String> = configured.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert!(
        shown[0].starts_with("http://127.0.0.1:") && !shown[0].ends_with(":0"),
        "{shown:?}"
    );
    assert!(
        shown[1].starts_with("http://0.0.0.0:") && !shown[1].ends_with(":0"),
        "{shown:?}"
    );
    assert_eq!(shown[2], format!("http://unix:{}", socket.0.display()));
    for text in &shown {
        let read: ServerAddress = text.parse().unwrap();
        assert_eq!(read.to_string(), *text);
    }
    soon(host.stop()).await.unwrap();
    assert!(!socket.0.exists(), "the socket is unlinked");
}

#[tokio::test]
async fn a_failed_bind_leaves_nothing_listening() {
    let first = free_address();
    let socket = Socket::new("bind-fail");
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let held_url = format!("http://{}", held.local_addr().unwrap());
    let host = Host::builder(HyperServer::new(format!(
        "http://{first};http://unix:{}",
        socket.0.display()
    )))
    .with_server(HyperServer::new(&held_url))
    .configure(|_| panic!("the pipeline is not built"));
    let error = soon(host.start()).await.unwrap_err();
    assert!(error.is_bind());
    assert!(
        error
            .report()
            .starts_with(&format!("failed to bind to {held_url}: ")),
        "{}",
        error.report()
    );
    assert!(is_free(first));
    assert!(!socket.0.exists(), "the socket is unlinked");
}

#[tokio::test]
async fn nobody_is_answered_before_the_pipeline_is_built() {
    let address = free_address();
    let (asked, answered) = std::sync::mpsc::channel();
    let host = Host::builder(HyperServer::new(format!("http://{address}"))).configure(move |app| {
        // The address is bound: a client connects and asks, and waits.
        let mut early = std::net::TcpStream::connect(address).unwrap();
        std::io::Write::write_all(&mut early, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        early.set_nonblocking(true).unwrap();
        let nothing = std::io::Read::read(&mut early, &mut [0]);
        assert_eq!(nothing.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        asked.send(early).unwrap();
        app.run_fn(|_| async { "hello" })
    });
    let host = soon(host.start()).await.unwrap();
    let mut early = TcpStream::from_std(answered.try_recv().unwrap()).unwrap();
    assert!(until(&mut early, "hello").await.starts_with("HTTP/1.1 200"));
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn a_request_in_flight_completes_and_its_connection_says_that_it_closes() {
    let host = start(LONG, |request: Request| async move {
        let lifetime = request.feature::<ServerLifetime>().cloned().unwrap();
        lifetime.stopping().await;
        "answered"
    })
    .await;
    let mut connection = ask(&host).await;
    in_flight(&host).await;
    let address = host.addresses()[0].connect_addr().unwrap();
    soon(host.stop()).await.unwrap();
    let answer = rest(&mut connection).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
    assert!(answer.ends_with("answered"), "{answer}");
    assert!(
        TcpStream::connect(address).await.is_err(),
        "nothing new is accepted"
    );
}

#[tokio::test]
async fn idle_connections_and_half_read_heads_do_not_hold_a_stop_up() {
    let host = start(LONG, |_| async { "hello" }).await;
    let mut idle = ask(&host).await;
    until(&mut idle, "hello").await;
    let mut silent = connect(&host).await;
    let mut half = connect(&host).await;
    half.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
    // One more answer: the server has come round to what was sent before.
    let mut last = ask(&host).await;
    until(&mut last, "hello").await;
    soon(host.stop()).await.unwrap();
    for connection in [&mut idle, &mut silent, &mut half, &mut last] {
        assert_eq!(rest(connection).await, "");
    }
}

#[tokio::test]
async fn what_hangs_is_aborted_at_the_deadline_and_counted() {
    let host = start(Duration::from_millis(20), |_| {
        std::future::pending::<&'static str>()
    })
    .await;
    let address = host.addresses()[0].to_string();
    let mut connection = ask(&host).await;
    in_flight(&host).await;
    let error = soon(host.stop()).await.unwrap_err();
    assert!(error.is_shutdown_timeout());
    let expected = format!(" on {address}: 1 request in flight, 0 upgraded connections");
    assert!(error.report().ends_with(&expected), "{}", error.report());
    assert_eq!(rest(&mut connection).await, "", "it was cut off");
}

#[tokio::test]
async fn dropping_the_handle_cuts_everything_off() {
    let host = start(LONG, |_| std::future::pending::<&'static str>()).await;
    let address = host.addresses()[0].connect_addr().unwrap();
    let lifetime = host.lifetime();
    let mut connection = ask(&host).await;
    in_flight(&host).await;
    drop(host);
    assert_eq!(rest(&mut connection).await, "", "it was cut off");
    soon(lifetime.stopped()).await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_same_addresses_can_be_served_again_at_once() {
    let socket = Socket::new("restart");
    let urls = format!(
        "http://{};http://unix:{}",
        free_address(),
        socket.0.display()
    );
    for _ in 0..3 {
        let host = Host::builder(HyperServer::new(&urls))
            .configure(|app| app.run_fn(|_| async { "hello" }));
        let host = soon(host.start()).await.unwrap();
        let mut connection = ask(&host).await;
        until(&mut connection, "hello").await;
        soon(host.stop()).await.unwrap();
    }
}

async fn start<F, Answer>(grace: Duration, answer: F) -> RunningHost
where
    F: Fn(Request) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = &'static str> + Send + 'static,
{
    let host = Host::builder(HyperServer::new("http://127.0.0.1:0"))
        .with_shutdown_timeout(grace)
        .configure(|app| app.run_fn(answer));
    soon(host.start()).await.expect("loopback")
}

async fn connect(host: &RunningHost) -> TcpStream {
    let address = host.addresses()[0].connect_addr().expect("it is of IP");
    soon(TcpStream::connect(address)).await.expect("it listens")
}

/// Sends a request on a connection of its own.
async fn ask(host: &RunningHost) -> TcpStream {
    let mut connection = connect(host).await;
    connection
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .expect("it reads");
    connection
}

/// Waits until a request is with the application.
async fn in_flight(host: &RunningHost) {
    use transom::features::ServerStatistics;
    let server = host.server_features().next().expect("there is one");
    let statistics = server.require::<ServerStatistics>().expect("it counts");
    soon(async {
        while statistics.requests() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn until(connection: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let byte = soon(connection.read_u8()).await.expect("it answers");
        text.push(char::from(byte));
    }
    text
}

/// Reads to the end, be it an orderly one or a reset.
async fn rest(connection: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = soon(connection.read(&mut buffer)).await {
        text.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(text).expect("it answers with text")
}

/// The path of a unix socket of this test alone.
struct Socket(PathBuf);

impl Socket {
    fn new(name: &str) -> Self {
        let name = format!("transom-hosting-{}-{name}.sock", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
