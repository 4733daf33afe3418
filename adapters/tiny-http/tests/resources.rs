//! What a server on tiny_http takes from the machine, and gives back. A process of its own, and one test at
//! a time: both are measured for the process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use transom::contract::ShutdownTrigger;
use transom::features::ServerAddresses;
use transom::{Body, BoundServer, Error, Request, Response, Server, Shutdown};
use transom_tiny_http::TinyHttpServer;

static ALONE: Mutex<()> = Mutex::new(());

const PATIENCE: Duration = Duration::from_secs(10);
const LENGTH: usize = 32 << 20;

fn start(runtime: &Runtime) -> (SocketAddr, ShutdownTrigger, JoinHandle<Result<(), Error>>) {
    let server = TinyHttpServer::new("http://127.0.0.1:0")
        .with_read_timeout(Duration::from_millis(300))
        .with_max_request_body_size(None);
    let bound = runtime.block_on(server.bind()).unwrap();
    let addresses = bound.features().get::<ServerAddresses>().unwrap();
    let address = addresses.bound()[0].connect_addr().unwrap();
    let (trigger, shutdown) = Shutdown::pair();
    (address, trigger, runtime.spawn(bound.serve(app, shutdown)))
}

/// Counts what it gets, and returns as much.
async fn app(mut request: Request) -> Response {
    let mut count = 0;
    while let Some(frame) = request.body_mut().frame().await {
        count += frame.unwrap().into_data().unwrap().len();
    }
    let chunk = Bytes::from_static(&[b'x'; 16 * 1024]);
    let chunks = std::iter::repeat_n(chunk, count / (16 * 1024)).map(Ok::<_, std::io::Error>);
    Response::new(Body::from_stream(futures_util::stream::iter(chunks)))
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Returns a number of kilobytes from `/proc/self/status`.
fn status(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.map(|name| name.trim().to_owned()).collect()
}

#[test]
fn a_large_body_is_never_whole_in_memory() {
    let _alone = ALONE.lock().unwrap();
    let runtime = Runtime::new().unwrap();
    let (address, trigger, serving) = start(&runtime);
    let before = status("VmHWM");
    let mut stream = connect(address);
    let head = format!(
        "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {LENGTH}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [b'x'; 16 * 1024];
    for _ in 0..LENGTH / chunk.len() {
        stream.write_all(&chunk).unwrap();
    }
    let mut buffer = vec![0; 64 * 1024];
    let mut read = 0;
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            more => read += more,
        }
    }
    assert!(read > LENGTH, "{read}");
    let grown = status("VmHWM") - before;
    assert!(grown < 12 * 1024, "{grown} kB");
    trigger.request();
    runtime.block_on(serving).unwrap().unwrap();
}

#[test]
fn no_thread_outlives_its_server_for_long() {
    let _alone = ALONE.lock().unwrap();
    for aborted in [false, true] {
        let runtime = Runtime::new().unwrap();
        let (address, trigger, serving) = start(&runtime);
        // One that stays and is silent, one in the middle of its content, one that is answered.
        let silent = connect(address);
        let mut half = connect(address);
        half.write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5000\r\n\r\nsome")
            .unwrap();
        let mut answered = connect(address);
        answered
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .unwrap();
        answered.read_exact(&mut [0; 12]).unwrap();
        if aborted {
            serving.abort();
        } else {
            drop(half);
            trigger.request();
            runtime.block_on(serving).unwrap().unwrap();
        }
        // tiny_http's own threads have no name to find them by.
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ours = threads()
                .into_iter()
                .filter(|name| name.starts_with("tiny-http"));
            let ours: Vec<_> = ours.collect();
            if ours.is_empty() {
                break;
            }
            assert!(Instant::now() < deadline, "{ours:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        drop((silent, answered));
    }
}
