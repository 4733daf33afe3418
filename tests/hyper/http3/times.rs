//! How long a client may take.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use transom::hyper::{Limits, MinDataRate};
use transom::{Body, Request, Response};

use super::client::{Client, EXCESSIVE_LOAD, GET, NO_ERROR, POST, data, headers, reply};
use super::server::{SHORT, start};
use crate::limits::{long, takes};
use crate::support::{eventually, says, within};

#[tokio::test]
async fn a_connection_without_a_request_is_closed_when_a_head_is_due() {
    let limits = long().with_request_head_timeout(Some(SHORT));
    let server = start(limits, says("hello")).await;
    let silent = async { server.connect().await.closed().await };
    assert_eq!(takes(SHORT, silent).await, NO_ERROR);
    assert_eq!(
        server.rejections(),
        [("request_headers_timeout", Some(408))]
    );
    server.stop().await;
}

#[tokio::test]
async fn half_a_head_is_answered_408_and_other_requests_go_on() {
    let limits = long().with_request_head_timeout(Some(SHORT));
    let server = start(limits, says("hello")).await;
    let client = server.connect().await;
    let whole = headers(GET);
    let (_send, half) = client.begin(&whole[..whole.len() - 1]).await;
    let other = client.ask(GET).await;
    assert_eq!(reply(other).await.unwrap().body, b"hello");
    assert_eq!(reply(half).await.unwrap().status, 408);
    assert_eq!(
        server.rejections(),
        [("request_headers_timeout", Some(408))]
    );
    let again = client.ask(GET).await;
    assert_eq!(reply(again).await.unwrap().body, b"hello");
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_nobody_is_told() {
    let limits = long().with_keep_alive_timeout(Some(SHORT));
    let server = start(limits, says("hello")).await;
    let client = server.connect().await;
    for _ in 0..3 {
        let answer = client.ask(GET).await;
        assert_eq!(reply(answer).await.unwrap().body, b"hello");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let begin = Instant::now();
    assert_eq!(client.closed().await, NO_ERROR);
    assert!(begin.elapsed() >= SHORT / 2);
    assert_eq!(server.rejections(), []);
    server.stop().await;
}

/// Answers with the length of the body, or 408 if it came too slowly.
async fn measures(request: Request) -> Response {
    match request.into_body().collect(1_000_000).await {
        Ok(body) => Response::new(Body::from(body.len().to_string())),
        Err(error) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = match error.is_timeout() {
                true => StatusCode::REQUEST_TIMEOUT,
                false => StatusCode::BAD_REQUEST,
            };
            response
        }
    }
}

#[tokio::test]
async fn a_body_that_dribbles_is_too_slow_and_one_that_comes_fast_enough_is_read() {
    let rate = MinDataRate::new(2_000, SHORT);
    let limits = long().with_min_request_body_rate(Some(rate));
    let server = start(limits, measures).await;
    let client = server.connect().await;
    let (mut slow, answer) = client.begin(&headers(POST)).await;
    let dribbling = tokio::spawn(async move {
        while slow.write_all(&data(b"x")).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let (mut fast, other) = client.begin(&headers(POST)).await;
    // What was late is made up for.
    let mut beat = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..30 {
        fast.write_all(&data(&[b'x'; 300])).await.unwrap();
        beat.tick().await;
    }
    fast.finish().unwrap();
    assert_eq!(reply(answer).await.unwrap().status, 408);
    assert_eq!(reply(other).await.unwrap().body, b"9000");
    within(dribbling).await.unwrap();
    assert_eq!(
        server.rejections(),
        [("min_request_body_data_rate", Some(408))]
    );
    drop(client);
    server.stop().await;
}

const GRACE: Duration = Duration::from_millis(200);

/// A piece that is sent at once takes 16 ms at this rate.
fn fast() -> Limits {
    long().with_min_response_rate(Some(MinDataRate::new(1_000_000, GRACE)))
}

fn endless() -> Response {
    static PIECE: [u8; 16 * 1024] = [b'x'; 16 * 1024];
    let pieces =
        futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&PIECE)));
    Response::new(Body::from_stream(pieces))
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_after_the_grace() {
    let server = start(fast(), |_: Request| async { endless() }).await;
    let client = Client::connect(&server, 16 * 1024).await.unwrap();
    // It acknowledges what comes, and answers pings: it is there, and takes no more than its window.
    let (mut send, _unread) = client.begin(&headers(GET)).await;
    send.finish().unwrap();
    assert_eq!(takes(GRACE, client.closed()).await, EXCESSIVE_LOAD);
    let statistics = server.running.statistics.clone();
    eventually("it is told", || statistics.connections() == 0).await;
    assert_eq!(server.rejections(), [("min_response_data_rate", None)]);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_one_byte_now_and_then_is_cut() {
    let server = start(fast(), |_: Request| async { endless() }).await;
    let client = Client::connect(&server, 16 * 1024).await.unwrap();
    let mut answer = client.ask(GET).await;
    let slowly = async {
        let mut byte = [0];
        while answer.read(&mut byte).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // It has more in its buffer than it reads here.
    let cut = async {
        tokio::select! {
            code = client.closed() => code,
            () = slowly => panic!("there is nothing to read"),
        }
    };
    assert_eq!(takes(GRACE, cut).await, EXCESSIVE_LOAD);
    server.stop().await;
}

#[tokio::test]
async fn what_a_client_leaves_unread_of_one_response_does_not_hide_behind_others() {
    let server = start(fast(), |request: Request| async move {
        match request.method().as_str() {
            "GET" => endless(),
            _ => Response::new(Body::from("hello")),
        }
    })
    .await;
    let client = Client::connect(&server, 16 * 1024).await.unwrap();
    let _unread = client.ask(GET).await;
    let asking = async {
        loop {
            let Ok((mut send, mut answer)) = client.connection.open_bi().await else {
                return;
            };
            let asked = send.write_all(&headers(POST)).await.is_ok() && send.finish().is_ok();
            if !asked || answer.read_to_end(1000).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    takes(GRACE, within(asking)).await;
    assert_eq!(client.closed().await, EXCESSIVE_LOAD);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_is_just_fast_enough_has_all_of_it() {
    // 64 KiB a second, which is read at 80.
    let limits = long().with_min_response_rate(Some(MinDataRate::new(64 * 1024, GRACE)));
    let server = start(limits, |_: Request| async {
        Response::new(Body::from(vec![b'x'; 128 * 1024]))
    })
    .await;
    let client = Client::connect(&server, 16 * 1024).await.unwrap();
    let mut answer = client.ask(GET).await;
    let (begin, mut read) = (tokio::time::Instant::now(), 0);
    let mut piece = [0; 2 * 1024];
    while let Some(more) = within(answer.read(&mut piece)).await.unwrap() {
        read += more;
        // What was late is made up for.
        tokio::time::sleep_until(begin + Duration::from_millis(25) * read as u32 / 2048).await;
    }
    assert!(read > 128 * 1024, "{read}");
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn no_timer_runs_while_the_application_makes_the_body() {
    let server = start(fast(), |_: Request| async {
        let slow = futures_util::stream::unfold(0, |sent| async move {
            tokio::time::sleep(2 * GRACE).await;
            (sent < 3).then_some((Ok::<_, std::io::Error>("piece"), sent + 1))
        });
        Response::new(Body::from_stream(slow))
    })
    .await;
    let client = server.connect().await;
    let answer = client.ask(GET).await;
    assert_eq!(reply(answer).await.unwrap().body, b"piecepiecepiece");
    drop(client);
    server.stop().await;
}
