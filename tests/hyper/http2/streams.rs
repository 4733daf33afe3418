//! HTTP/2 on the port of HTTP/1.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use transom::features::{RequestExt, RequestLifetime, ResponseTrailers};
use transom::{Body, Request, Response};

use crate::support::{Running, eventually, says, start, within};

type Sender<B> = SendRequest<B>;

async fn connect<B>(server: &Running) -> (Sender<B>, tokio::task::JoinHandle<hyper::Result<()>>)
where
    B: http_body::Body<Data = Bytes, Error: std::error::Error + Send + Sync>
        + Send
        + Unpin
        + 'static,
{
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (sender, connection) = within(handshake(TokioExecutor::new(), TokioIo::new(stream)))
        .await
        .unwrap();
    (sender, tokio::spawn(connection))
}

fn get(path: &str) -> http::Request<Empty<Bytes>> {
    let uri = format!("http://example.com{path}");
    http::Request::get(uri).body(Empty::new()).unwrap()
}

#[tokio::test]
async fn a_preface_in_pieces_is_a_preface() {
    let server = start(says("done")).await;
    let mut client = server.connect().await;
    for piece in ["PRI", " * HTTP/2.0\r\n", "\r\nSM\r\n\r\n"] {
        client.send(piece).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client.send([0, 0, 0, 4, 0, 0, 0, 0, 0]).await; // an empty SETTINGS frame
    let mut frame = [0; 9];
    within(tokio::io::AsyncReadExt::read_exact(
        &mut client.0,
        &mut frame,
    ))
    .await
    .unwrap();
    assert_eq!(frame[3], 4, "its SETTINGS come first");
    // What only begins like it is HTTP/1.
    let answer = server
        .exchange("PROPFIND / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert!(answer.ends_with("done"), "{answer}");
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn the_host_and_the_trailers_are_those_of_http2() {
    let server = start(|request: Request| async move {
        assert!(request.feature::<ResponseTrailers>().is_some());
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-sum", "42".parse().unwrap());
        let seen = format!("{} {:?}", request.uri(), request.headers().get("host"));
        Response::new(Body::from(seen).with_trailers(trailers))
    })
    .await;
    let (mut sender, _driver) = connect(&server).await;
    let response = within(sender.send_request(get("/a?b"))).await.unwrap();
    let body = within(response.into_body().collect()).await.unwrap();
    assert_eq!(body.trailers().unwrap().get("x-sum").unwrap(), "42");
    assert_eq!(body.to_bytes(), r#"/a?b Some("example.com")"#);
    server.stop().await;
}

#[tokio::test]
async fn streams_run_beside_one_another_and_a_reset_drops_one() {
    let (events, mut seen) = mpsc::unbounded_channel();
    let server = start(move |request: Request| {
        let events = events.clone();
        async move {
            if request.uri().path() == "/wait" {
                let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
                let _ = events.send("began");
                tokio::spawn(async move {
                    lifetime.disconnected().await;
                    let _ = events.send("gone");
                });
                std::future::pending::<()>().await;
            }
            Response::new(Body::from("done"))
        }
    })
    .await;
    let (mut sender, _driver) = connect(&server).await;
    let waiting = tokio::spawn(sender.clone().send_request(get("/wait")));
    assert_eq!(within(seen.recv()).await, Some("began"));
    within(sender.ready()).await.unwrap();
    let response = within(sender.send_request(get("/"))).await.unwrap();
    assert_eq!(
        within(response.into_body().collect())
            .await
            .unwrap()
            .to_bytes(),
        "done"
    );
    assert_eq!(server.statistics.requests(), 1);
    waiting.abort();
    assert_eq!(within(seen.recv()).await, Some("gone"));
    eventually("it is dropped", || server.statistics.is_idle()).await;
    server.stop().await;
}

#[tokio::test]
async fn an_abort_resets_the_stream_and_not_the_connection() {
    let server = start(|request: Request| async move {
        if request.uri().path() == "/abort" {
            request.feature::<RequestLifetime>().unwrap().abort();
        }
        Response::new(Body::from("done"))
    })
    .await;
    let (mut sender, _driver) = connect(&server).await;
    assert!(within(sender.send_request(get("/abort"))).await.is_err());
    within(sender.ready()).await.unwrap();
    assert!(within(sender.send_request(get("/"))).await.is_ok());
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_nobody_reads_does_not_hold_the_connection_up() {
    let server = start(says("done")).await;
    let (mut sender, _driver) = connect(&server).await;
    for _ in 0..5 {
        let body = Full::new(Bytes::from(vec![b'x'; 3_000_000]));
        let request = http::Request::post("http://a/").body(body).unwrap();
        within(sender.ready()).await.unwrap();
        let response = within(sender.send_request(request)).await.unwrap();
        assert_eq!(
            within(response.into_body().collect())
                .await
                .unwrap()
                .to_bytes(),
            "done"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_stop_says_goodbye_and_waits_for_the_streams() {
    let (going, go) = mpsc::channel::<()>(1);
    let go = std::sync::Arc::new(tokio::sync::Mutex::new(go));
    let server = start(move |_: Request| {
        let go = std::sync::Arc::clone(&go);
        async move {
            go.lock().await.recv().await;
            Response::new(Body::from("done"))
        }
    })
    .await;
    let (mut sender, driver) = connect(&server).await;
    let waiting = tokio::spawn(sender.send_request(get("/")));
    eventually("it is in flight", || server.statistics.requests() == 1).await;
    let (idle, idle_driver) = connect::<Empty<Bytes>>(&server).await;
    server.trigger.request();
    within(idle_driver).await.unwrap().unwrap();
    drop(idle);
    assert!(!server.serving.is_finished());
    going.send(()).await.unwrap();
    let response = within(waiting).await.unwrap().unwrap();
    assert_eq!(
        within(response.into_body().collect())
            .await
            .unwrap()
            .to_bytes(),
        "done"
    );
    within(driver).await.unwrap().unwrap();
    within(server.serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_reads_late_has_all_of_its_answer() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let server = start(|_: Request| async { Response::new(Body::from(vec![b'x'; LENGTH])) }).await;
    let (mut sender, _driver) = connect(&server).await;
    let response = within(sender.send_request(get("/"))).await.unwrap();
    server.trigger.request();
    // Longer than a client without requests has.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let body = within(response.into_body().collect()).await.unwrap();
    assert_eq!(body.to_bytes().len(), LENGTH);
    within(server.serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_ignores_the_goodbye_is_left() {
    let server = start(says("done")).await;
    let mut client = server.connect().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.send([0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
    eventually("it is there", || server.statistics.connections() == 1).await;
    let asked = Instant::now();
    server.stop().await;
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "{:?}",
        asked.elapsed()
    );
}

#[tokio::test]
async fn a_drop_aborts_the_streams() {
    let server = start(|_: Request| async {
        std::future::pending::<()>().await;
        Response::default()
    })
    .await;
    let (mut sender, _driver) = connect(&server).await;
    let waiting = tokio::spawn(sender.send_request(get("/")));
    eventually("it is in flight", || server.statistics.requests() == 1).await;
    server.serving.abort();
    assert!(within(waiting).await.unwrap().is_err());
    eventually("nothing is left", || server.statistics.is_idle()).await;
}
