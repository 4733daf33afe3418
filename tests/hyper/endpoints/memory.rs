//! Endpoints without a socket. What every endpoint does is shown over memory by the kit.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use transom::adapter::SocketOptions;
use transom::contract::ShutdownTrigger;
use transom::features::{ConnectionInfo, RequestExt, ServerAddresses, Transport};
use transom::hyper::{
    Endpoint, LiveEndpoints, MemoryConnector, MemoryStream, Protocols, ProxyProtocol,
};
use transom::{
    Application, Body, BoundServer, Features, HyperServer, Request, Response, Server, Shutdown,
};

use crate::support::{PATIENCE, says, within};

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const LAST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

async fn start<A: Application>(
    server: HyperServer,
    app: A,
) -> (Features, MemoryConnector, ShutdownTrigger) {
    let bound = server.bind().await.unwrap();
    let features = bound.features().clone();
    let connector = features.require::<MemoryConnector>().unwrap().clone();
    let (trigger, shutdown) = Shutdown::pair();
    tokio::spawn(bound.serve(app, shutdown));
    (features, connector, trigger)
}

async fn rest(stream: &mut MemoryStream) -> String {
    let mut read = String::new();
    within(stream.read_to_string(&mut read)).await.unwrap();
    read
}

async fn asks(connector: &MemoryConnector, name: &str) -> String {
    let mut stream = within(connector.connect(name)).await.unwrap();
    stream.write_all(LAST).await.unwrap();
    rest(&mut stream).await
}

async fn wrong(server: HyperServer) -> String {
    let error = server.bind().await.unwrap_err();
    error.report()
}

#[tokio::test]
async fn each_has_its_name_and_tells_what_it_is() {
    let tells = |request: Request| async move {
        let info = request.feature::<ConnectionInfo>().unwrap();
        assert_eq!(info.transport(), Transport::Memory);
        Response::new(Body::from(request.headers()["host"].as_bytes().to_vec()))
    };
    let server = HyperServer::new("http://memory:one; http://memory:two; http://127.0.0.1:0");
    let (features, connector, _trigger) = start(server, tells).await;
    let bound = features.require::<ServerAddresses>().unwrap().bound();
    assert_eq!(bound[0].to_string(), "http://memory:one");
    assert_eq!(bound[1].memory_name(), Some("two"));
    assert_eq!((bound[1].port(), bound[2].memory_name()), (None, None));
    for name in ["one", "two"] {
        assert!(asks(&connector, name).await.ends_with("\r\n\r\na"));
    }
    let refused = connector.connect("three").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert!(refused.to_string().contains("`memory:three`"), "{refused}");
}

#[tokio::test]
async fn two_servers_may_have_one_name_and_one_server_not_twice() {
    let (_, one, _trigger) = start(HyperServer::new("http://memory:a"), says("one")).await;
    let (_, two, _other) = start(HyperServer::new("http://memory:a"), says("two")).await;
    assert!(asks(&one, "a").await.ends_with("one"));
    assert!(asks(&two, "a").await.ends_with("two"));
    let error = wrong(HyperServer::new("http://memory:a;http://memory:a")).await;
    assert!(
        error.starts_with("failed to bind to http://memory:a"),
        "{error}"
    );
}

#[tokio::test]
async fn what_it_cannot_have_is_an_error() {
    let at = |endpoint: Endpoint| HyperServer::default().with_endpoint(endpoint);
    let mode = SocketOptions::default().with_unix_mode(0o600);
    let error = wrong(at(
        Endpoint::new("http://memory:a").with_socket_options(mode)
    ))
    .await;
    assert!(
        error.contains("no socket that could have the option `unix_mode`"),
        "{error}"
    );
    let quic = Endpoint::new("http://memory:a").with_protocols(Protocols::HTTP3);
    let error = wrong(at(quic)).await;
    assert!(
        error.contains("`http://memory:a` cannot speak HTTP/3"),
        "{error}"
    );
    let error = wrong(HyperServer::new("https://memory:a")).await;
    assert!(
        error.contains("`https://memory:a` needs a certificate"),
        "{error}"
    );
}

#[tokio::test]
async fn it_comes_and_goes_while_the_server_serves() {
    let server = HyperServer::new("http://127.0.0.1:0");
    let (features, connector, trigger) = start(server, says("done")).await;
    let live = features.require::<LiveEndpoints>().unwrap();
    for _ in 0..2 {
        let endpoint = Endpoint::new("http://memory:a").with_name("a");
        within(live.add(endpoint)).await.unwrap();
        assert!(asks(&connector, "a").await.ends_with("done"));
        within(live.remove("a")).await.unwrap();
        let refused = connector.connect("a").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
    trigger.request();
}

#[tokio::test]
async fn it_is_served_by_every_thread() {
    let server = HyperServer::new("http://memory:a").with_threads(2);
    let seen = |_: Request| async {
        let thread = std::thread::current();
        Response::new(Body::from(thread.name().unwrap().to_owned()))
    };
    let (_, connector, _trigger) = start(server, seen).await;
    let answers = [asks(&connector, "a").await, asks(&connector, "a").await];
    assert!(answers.iter().any(|answer| answer.ends_with("transom-0")));
    assert!(answers.iter().any(|answer| answer.ends_with("transom-1")));
}

#[tokio::test(start_paused = true)]
async fn times_pass_as_tokio_says() {
    let (_, connector, _trigger) = start(HyperServer::new("http://memory:a"), says("done")).await;
    let begin = Instant::now();
    let mut silent = connector.connect("a").await.unwrap();
    let mut slow = connector.connect("a").await.unwrap();
    slow.write_all(&GET[..9]).await.unwrap();
    let mut read = String::new();
    slow.read_to_string(&mut read).await.unwrap();
    assert!(read.starts_with("HTTP/1.1 408 "), "{read}");
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(begin.elapsed().as_secs(), 30);

    let mut idle = connector.connect("a").await.unwrap();
    idle.write_all(GET).await.unwrap();
    let begin = Instant::now();
    idle.read_to_string(&mut read).await.unwrap();
    assert!(read.ends_with("done"));
    assert_eq!(begin.elapsed().as_secs(), 130);
}

#[tokio::test]
async fn who_does_not_read_holds_up_who_writes() {
    let options = SocketOptions::default()
        .with_receive_buffer(16)
        .with_send_buffer(1000);
    let endpoint = Endpoint::new("http://memory:a").with_socket_options(options);
    let long = |_: Request| async { Response::new(Body::from("x".repeat(1 << 20))) };
    let server = HyperServer::default()
        .with_endpoint(endpoint)
        .bind()
        .await
        .unwrap();
    let connector = server
        .features()
        .require::<MemoryConnector>()
        .unwrap()
        .clone();
    let mut stream = connector.connect("a").await.unwrap();
    // Nobody serves yet.
    assert_eq!(stream.write(LAST).await.unwrap(), 16);
    let mut more = Box::pin(stream.write_all(&LAST[16..]));
    let waits = tokio::time::timeout(Duration::from_millis(10), &mut more).await;
    assert!(waits.is_err());
    let _serving = tokio::spawn(server.serve(long, Shutdown::never()));
    within(more).await.unwrap();
    let mut piece = [0; 4096];
    let read = within(stream.read(&mut piece)).await.unwrap();
    assert!(read <= 1000, "{read}");
    assert!(rest(&mut stream).await.len() >= (1 << 20) - 1000);
}

#[tokio::test]
async fn as_many_wait_to_be_accepted_as_may() {
    let options = SocketOptions::default().with_backlog(1);
    let endpoint = Endpoint::new("http://memory:a").with_socket_options(options);
    let server = HyperServer::default()
        .with_endpoint(endpoint)
        .bind()
        .await
        .unwrap();
    let connector = server
        .features()
        .require::<MemoryConnector>()
        .unwrap()
        .clone();
    let mut first = connector.connect("a").await.unwrap();
    let mut second = Box::pin(connector.connect("a"));
    let waits = tokio::time::timeout(Duration::from_millis(10), &mut second).await;
    assert!(waits.is_err());
    // A server that is dropped leaves nobody waiting.
    drop(server);
    let refused = within(second).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(within(first.read(&mut [0])).await.unwrap(), 0);
    assert_eq!(
        first.write(b"x").await.unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
}

#[tokio::test]
async fn a_reset_is_one_for_either_side() {
    let fails = |_: Request| async {
        let pieces = futures_util::stream::iter([Ok("piece"), Err("broken")]);
        Response::new(Body::from_stream(pieces))
    };
    let (_, connector, _trigger) = start(HyperServer::new("http://memory:a"), fails).await;
    let mut stream = connector.connect("a").await.unwrap();
    // To a client of HTTP/1.0 only a reset tells that the body is not whole.
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut read = Vec::new();
    let error = within(stream.read_to_end(&mut read)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    let (says, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let reads = move |request: Request| {
        let says = says.clone();
        async move {
            says.send("reads").unwrap();
            let _ends = Ends(says);
            let read = request.into_body().collect(99).await;
            assert!(read.unwrap_err().is_disconnect());
            Response::default()
        }
    };
    let (_, connector, _trigger) = start(HyperServer::new("http://memory:a"), reads).await;
    let mut stream = connector.connect("a").await.unwrap();
    let half = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf";
    stream.write_all(half).await.unwrap();
    assert_eq!(within(hears.recv()).await, Some("reads"));
    stream.reset();
    assert_eq!(within(hears.recv()).await, Some("ends"));
}

/// Says when it is dropped.
struct Ends(tokio::sync::mpsc::UnboundedSender<&'static str>);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.send("ends");
    }
}

#[tokio::test]
async fn this_process_is_a_proxy_only_if_it_is_trusted() {
    let endpoint = |peer| {
        let trust = ProxyProtocol::from_trusted([peer]);
        Endpoint::new(format!("http://memory:{peer}")).with_proxy_protocol(trust)
    };
    let server = HyperServer::default()
        .with_endpoint(endpoint("memory"))
        .with_endpoint(endpoint("unix"));
    let remote = |request: Request| async move {
        let info = request.feature::<ConnectionInfo>().unwrap();
        Response::new(Body::from(info.remote().unwrap().to_string()))
    };
    let (_, connector, _trigger) = start(server, remote).await;
    for (name, answer) in [("memory", "192.0.2.1:4000"), ("unix", "")] {
        let mut stream = connector.connect(name).await.unwrap();
        let header = b"PROXY TCP4 192.0.2.1 192.0.2.2 4000 80\r\n";
        // One that is not trusted is gone before.
        let _ = stream.write_all(&[&header[..], LAST].concat()).await;
        let mut read = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut read))
            .await
            .unwrap();
        assert!(read.ends_with(answer.as_bytes()), "{name}");
        assert_eq!(read.is_empty(), answer.is_empty(), "{name}");
    }
}
