//! How fast a client has to read.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpSocket;
use transom::hyper::{Limits, MinDataRate};
use transom::{Body, Request, Response};

use super::server::{SLACK, long, start, takes};
use crate::support::{Client, Running, eventually};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const GRACE: Duration = Duration::from_millis(50);
/// What was read fast may be paid back for so long.
const MOST: Duration = Duration::from_millis(24 * 50);

/// Fast enough that what fits into the buffers between the two is not worth a grace.
fn limits(bytes_per_second: u32) -> Limits {
    long().with_min_response_rate(Some(MinDataRate::new(bytes_per_second, GRACE)))
}

async fn connect_with_a_small_buffer(server: &Running) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    Client(socket.connect(server.address).await.unwrap())
}

fn endless() -> Response {
    static PIECE: [u8; 16 * 1024] = [b'x'; 16 * 1024];
    let pieces =
        futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&PIECE)));
    Response::new(Body::from_stream(pieces))
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut() {
    let server = start(limits(1_000_000), |_: Request| async { endless() }).await;
    let mut client = connect_with_a_small_buffer(&server).await;
    let begin = Instant::now();
    client.send(GET).await;
    let statistics = server.statistics.clone();
    eventually("the request arrives", || statistics.requests() == 1).await;
    let cut = eventually("the connection is cut", || statistics.connections() == 0);
    // What fits into the buffers between the two is paid back first.
    tokio::time::timeout(MOST + SLACK, cut).await.unwrap();
    assert!(begin.elapsed() >= GRACE, "after {:?}", begin.elapsed());
    // A reset, and not an end that could be taken for that of a body.
    let mut rest = Vec::new();
    let error = client.0.read_to_end(&mut rest).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    server.stop().await;
}

#[tokio::test]
async fn one_byte_now_and_then_is_too_slow() {
    let server = start(limits(1_000_000), |_: Request| async { endless() }).await;
    let mut client = connect_with_a_small_buffer(&server).await;
    client.send(GET).await;
    client.until("\r\n\r\n").await;
    let slowly = async {
        loop {
            match client.0.read_u8().await {
                Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(error) => return error.kind(),
            }
        }
    };
    let statistics = server.statistics.clone();
    let cut = async {
        tokio::select! {
            () = eventually("the connection is cut", || statistics.connections() == 0) => {}
            error = slowly => panic!("the client noticed first: {error}"),
        }
    };
    tokio::time::timeout(MOST + SLACK, cut).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_is_just_fast_enough_has_all_of_it() {
    // 64 KiB a second, which is read at 80.
    let server = start(limits(64 * 1024), |_: Request| async {
        let body = vec![b'x'; 128 * 1024];
        Response::new(Body::from(body))
    })
    .await;
    let mut client = connect_with_a_small_buffer(&server).await;
    client.send(GET).await;
    client.until("\r\n\r\n").await;
    let mut piece = vec![0; 2 * 1024];
    // What was late is made up for.
    let mut beat = tokio::time::interval(Duration::from_millis(25));
    for _ in 0..64 {
        beat.tick().await;
        client.0.read_exact(&mut piece).await.unwrap();
    }
    server.stop().await;
}

#[tokio::test]
async fn no_timer_runs_while_the_application_makes_the_body() {
    let server = start(limits(1_000_000), |_: Request| async {
        let slow = futures_util::stream::unfold(0, |sent| async move {
            tokio::time::sleep(MOST / 3).await;
            (sent < 4).then_some((Ok::<_, std::io::Error>("piece"), sent + 1))
        });
        Response::new(Body::from_stream(slow))
    })
    .await;
    let mut client = server.connect().await;
    client.send(GET).await;
    let answer = client.until("0\r\n\r\n").await;
    assert_eq!(answer.matches("piece").count(), 4, "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_last_response_is_not_waited_for_without_end() {
    // It ends the connection and is larger than what fits between the two.
    let server = start(limits(1_000_000), |_: Request| async {
        Response::new(Body::from(vec![b'x'; 8 * 1024 * 1024]))
    })
    .await;
    let mut client = connect_with_a_small_buffer(&server).await;
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    let statistics = server.statistics.clone();
    eventually("the request arrives", || statistics.requests() == 1).await;
    takes(
        GRACE,
        eventually("the connection is cut", || statistics.connections() == 0),
    )
    .await;
    server.stop().await;
}
