//! Stopping, and being dropped.

use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use transom::{Application, Body, BoundServer, HyperServer, Request, Response, Server, Shutdown};

use crate::support::{eventually, start, within};

/// Answers at once, or for `/wait` when it is told to.
fn patient(go: mpsc::Receiver<()>) -> impl Application {
    let go = std::sync::Arc::new(tokio::sync::Mutex::new(go));
    move |request: Request| {
        let go = std::sync::Arc::clone(&go);
        async move {
            if request.uri().path() == "/wait" {
                go.lock().await.recv().await;
            }
            Response::new(Body::from("done"))
        }
    }
}

#[tokio::test]
async fn a_stop_closes_what_is_idle_at_once_and_waits_for_the_rest() {
    let (going, go) = mpsc::channel(1);
    let server = start(patient(go)).await;
    let mut idle = server.connect().await;
    idle.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    idle.until("done").await;
    let silent = server.connect().await;
    let mut half = server.connect().await;
    half.send("GET / HTTP/1.1\r\nho").await;
    let mut second_half = server.connect().await;
    second_half.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    second_half.until("done").await;
    second_half.send("GET / HTTP/1.1\r\nho").await;
    let mut preface = server.connect().await;
    preface.send("PRI * HTT").await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    eventually("all are there", || {
        server.statistics.connections() == 6 && server.statistics.requests() == 1
    })
    .await;

    let asked = Instant::now();
    server.trigger.request();
    for mut client in [idle, silent, half, second_half, preface] {
        let mut rest = Vec::new();
        // A reset is as good: the half that was sent was never read.
        let _ = within(client.0.read_to_end(&mut rest)).await;
        assert!(rest.is_empty());
    }
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "still listening"
    );
    assert_eq!(server.statistics.requests(), 1);
    assert!(!server.serving.is_finished());

    going.send(()).await.unwrap();
    let answer = busy.rest().await;
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\ndone"), "{answer}");
    within(server.serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_before_the_first_request_returns_at_once() {
    let server = start(crate::support::says("done")).await;
    server.stop().await;
}

#[tokio::test]
async fn a_drop_aborts_what_is_in_flight_and_frees_the_port() {
    let (_going, go) = mpsc::channel(1);
    let server = start(patient(go)).await;
    let mut idle = server.connect().await;
    idle.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    idle.until("done").await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    eventually("it is in flight", || server.statistics.requests() == 1).await;
    server.serving.abort();
    assert_eq!(idle.rest().await, "");
    assert_eq!(busy.rest().await, "");
    eventually("nothing is left", || {
        server.statistics.connections() == 0 && server.statistics.is_idle()
    })
    .await;

    let again = HyperServer::new(format!("http://{}", server.address));
    let bound = again.bind().await.unwrap();
    let (trigger, shutdown) = Shutdown::pair();
    let serving = tokio::spawn(bound.serve(crate::support::says("again"), shutdown));
    let mut client = crate::support::Client(TcpStream::connect(server.address).await.unwrap());
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.until("again").await;
    trigger.request();
    within(serving).await.unwrap().unwrap();
}
