//! How long a client may take.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use tokio::sync::Semaphore;
use transom::hyper::{Limits, MinDataRate};
use transom::{Application, Body, HyperServer, Request, Response};

use super::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, GET, GOAWAY, HEADERS, NO_ERROR,
    PING, PREFACE, Peer, RST_STREAM, WINDOW_UPDATE, block, frame,
};
use crate::support::{Running, eventually, says, start_with};

const SHORT: Duration = Duration::from_millis(300);
/// Later than this nobody would call it on time, however loaded the machine is.
const LATE: Duration = Duration::from_secs(4);

async fn limited(limits: Limits, app: impl Application) -> Running {
    let server = HyperServer::new("http://127.0.0.1:0").with_limits(limits);
    start_with(server, app).await
}

fn on_time(taken: Duration) {
    assert!((SHORT / 2..LATE).contains(&taken), "{taken:?}");
}

#[tokio::test]
async fn a_preface_in_part_or_whole_and_nothing_more_is_ended_in_time() {
    let limits = Limits::default().with_request_head_timeout(Some(SHORT));
    let server = limited(limits, says("done")).await;
    for sent in [&PREFACE[..10], PREFACE] {
        let mut peer = Peer(server.connect().await.0);
        peer.send(sent).await;
        on_time(peer.closed_after().await);
    }
    let mut peer = Peer::open(&server).await;
    let goaway = peer.until_gone().await;
    assert_eq!(goaway.code(), ENHANCE_YOUR_CALM);
    server.stop().await;
}

#[tokio::test]
async fn half_a_request_is_ended_in_time_whatever_is_sent_meanwhile() {
    let limits = Limits::default().with_request_head_timeout(Some(SHORT));
    let server = limited(limits, says("done")).await;
    // The first request and a later one; the second frame is never whole.
    for streams in [1_u32, 2] {
        let mut peer = Peer::open(&server).await;
        for stream in (0..streams - 1).map(|one| one * 2 + 1) {
            peer.request(stream, GET).await;
            assert_eq!(peer.answer(stream).await, "done");
        }
        let stream = streams * 2 - 1;
        peer.send(&frame(HEADERS, END_STREAM, stream, &block(GET)))
            .await;
        let last = frame(CONTINUATION, END_HEADERS, stream, &block(&[("x", "y")]));
        let begin = std::time::Instant::now();
        for byte in &last[..last.len() - 1] {
            if begin.elapsed() > 2 * SHORT || !peer.send_if_open(&[*byte]).await {
                break;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        let goaway = peer.until_gone().await;
        assert_eq!(goaway.code(), ENHANCE_YOUR_CALM);
        assert!(goaway.text().contains("in time"), "{goaway:?}");
        assert!(begin.elapsed() < LATE);
    }
    server.stop().await;
}

#[tokio::test]
async fn pings_and_malformed_requests_do_not_stand_for_a_first_request() {
    let limits = Limits::default().with_request_head_timeout(Some(SHORT));
    let server = limited(limits, says("done")).await;
    let mut peer = Peer::open(&server).await;
    let begin = std::time::Instant::now();
    let wrong = [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/"),
        (":authority", "a"),
    ];
    for stream in (0..).map(|one| one * 2 + 1) {
        let mut frames = frame(PING, 0, 0, &[0; 8]);
        frames.extend(frame(
            HEADERS,
            END_STREAM | END_HEADERS,
            stream,
            &block(&wrong),
        ));
        if begin.elapsed() > 2 * SHORT || !peer.send_if_open(&frames).await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(peer.until_gone().await.code(), ENHANCE_YOUR_CALM);
    on_time(begin.elapsed());
    server.stop().await;
}

#[tokio::test]
async fn a_connection_without_requests_is_told_to_go() {
    let limits = Limits::default().with_keep_alive_timeout(Some(SHORT));
    let server = limited(limits, says("done")).await;
    let mut peer = Peer::open(&server).await;
    peer.request(1, GET).await;
    assert_eq!(peer.answer(1).await, "done");
    let begin = std::time::Instant::now();
    // What is no request does not keep it.
    let ping = frame(PING, 0, 0, &[0; 8]);
    let pause = Duration::from_millis(30);
    while begin.elapsed() < LATE
        && peer.send_if_open(&ping).await
        && tokio::time::timeout(pause, peer.closed_after())
            .await
            .is_err()
    {}
    on_time(begin.elapsed());
    drop(peer);
    eventually("it is gone", || server.statistics.connections() == 0).await;

    let mut peer = Peer::open(&server).await;
    peer.request(1, GET).await;
    assert_eq!(peer.answer(1).await, "done");
    let goaway = peer.until_gone().await;
    assert_eq!(goaway.code(), NO_ERROR);
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_is_in_flight_keeps_its_connection() {
    let limits = Limits::default().with_keep_alive_timeout(Some(SHORT));
    let server = limited(limits, |_: Request| async {
        tokio::time::sleep(4 * SHORT).await;
        Response::new(Body::from("done"))
    })
    .await;
    let mut peer = Peer::open(&server).await;
    peer.request(1, GET).await;
    assert_eq!(peer.answer(1).await, "done");
    assert_eq!(peer.until_gone().await.code(), NO_ERROR);
    server.stop().await;
}

#[tokio::test]
async fn the_last_request_of_a_connection_is_answered_behind_the_goodbye() {
    let limits = Limits::default().with_max_requests_per_connection(Some(3));
    let server = limited(limits, says("done")).await;
    let mut peer = Peer::open(&server).await;
    for stream in [1, 3] {
        peer.request(stream, GET).await;
        assert_eq!(peer.answer(stream).await, "done");
    }
    peer.request(5, GET).await;
    let (mut answered, mut told) = (false, false);
    while let Some(frame) = peer.frame().await {
        answered |= frame.stream == 5 && frame.flags & END_STREAM != 0;
        told |= frame.kind == GOAWAY;
        if frame.kind == GOAWAY {
            assert_eq!(frame.code(), NO_ERROR);
        }
    }
    assert!(answered && told);
    server.stop().await;
}

#[tokio::test]
async fn a_connection_of_age_is_told_to_go_and_cut_after_its_grace() {
    let limits = Limits::default()
        .with_max_connection_age(Some(SHORT))
        .with_max_connection_age_grace(Some(SHORT));
    let server = limited(limits, |_: Request| std::future::pending::<Response>()).await;
    let mut peer = Peer::open(&server).await;
    let begin = std::time::Instant::now();
    peer.request(1, GET).await;
    peer.until_kind(GOAWAY).await;
    on_time(begin.elapsed());
    while peer.frame().await.is_some() {}
    assert!((SHORT * 3 / 2..LATE).contains(&begin.elapsed()));
    eventually("the request is dropped", || server.statistics.is_idle()).await;
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_a_timeout_of_its_stream_alone() {
    let rate = MinDataRate::new(240, SHORT);
    let limits = Limits::default().with_min_request_body_rate(Some(rate));
    let server = limited(limits, |request: Request| async move {
        let status = match request.into_body().collect(1024).await {
            Ok(_) => StatusCode::OK,
            Err(error) if error.is_timeout() => StatusCode::REQUEST_TIMEOUT,
            Err(_) => StatusCode::BAD_REQUEST,
        };
        let mut response = Response::new(Body::from(status.as_str().to_owned()));
        *response.status_mut() = status;
        response
    })
    .await;
    let mut peer = Peer::open(&server).await;
    let post = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "a"),
    ];
    peer.send(&frame(HEADERS, END_HEADERS, 1, &block(&post)))
        .await;
    peer.send(&frame(DATA, 0, 1, b"some")).await;
    let begin = std::time::Instant::now();
    assert_eq!(peer.answer(1).await, "408");
    on_time(begin.elapsed());
    peer.until_kind(RST_STREAM).await;
    peer.request(3, GET).await;
    assert_eq!(peer.answer(3).await, "200");
    server.stop().await;
}

/// Answers 100 kB to everything.
fn large() -> impl Application {
    |_: Request| async { Response::new(Body::from(vec![b'x'; 100_000])) }
}

/// SETTINGS_INITIAL_WINDOW_SIZE.
const WINDOW: u16 = 4;

#[tokio::test]
async fn a_client_that_opens_no_window_is_cut_in_time() {
    // 16 KiB in a tenth of the time.
    let rate = MinDataRate::new(1_000_000, SHORT);
    let limits = Limits::default().with_min_response_rate(Some(rate));
    let server = limited(limits, large()).await;
    // Shut from the beginning, and after a part.
    for window in [0, 1_000] {
        let mut peer = Peer::with_settings(&server, &[(WINDOW, window)]).await;
        let begin = std::time::Instant::now();
        peer.request(1, GET).await;
        let goaway = peer.until_gone().await;
        assert_eq!(goaway.code(), ENHANCE_YOUR_CALM);
        on_time(begin.elapsed());
    }
    eventually("nothing is left", || server.statistics.is_idle()).await;
    server.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_read_does_not_hide_one_that_is_not() {
    let rate = MinDataRate::new(1_000_000, SHORT);
    let limits = Limits::default().with_min_response_rate(Some(rate));
    let server = limited(limits, large()).await;
    let mut peer = Peer::with_settings(&server, &[(WINDOW, 0)]).await;
    let begin = std::time::Instant::now();
    peer.request(1, GET).await;
    for stream in (1..).map(|one| one * 2 + 1) {
        let mut frames = frame(HEADERS, END_STREAM | END_HEADERS, stream, &block(GET));
        for stream in [0, stream] {
            frames.extend(frame(WINDOW_UPDATE, 0, stream, &100_000_u32.to_be_bytes()));
        }
        if !peer.send_if_open(&frames).await {
            break;
        }
        let end = |frame: &super::frames::Frame| {
            frame.kind == GOAWAY || (frame.stream == stream && frame.flags & END_STREAM != 0)
        };
        if peer.until("an answer", end).await.kind == GOAWAY {
            break;
        }
    }
    on_time(begin.elapsed());
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_socket_is_cut() {
    let rate = MinDataRate::new(100_000_000, SHORT);
    let limits = Limits::default().with_min_response_rate(Some(rate));
    let server = limited(limits, |_: Request| async {
        Response::new(Body::from(vec![b'x'; 50_000_000]))
    })
    .await;
    let mut peer = Peer::with_settings(&server, &[(WINDOW, 0x7fff_ffff)]).await;
    peer.send(&frame(WINDOW_UPDATE, 0, 0, &0x7fff_0000_u32.to_be_bytes()))
        .await;
    peer.request(1, GET).await;
    let begin = std::time::Instant::now();
    eventually("it is cut", || {
        server.statistics.is_idle() && begin.elapsed() > SHORT / 2
    })
    .await;
    assert!(begin.elapsed() < LATE);
    server.stop().await;
}

#[tokio::test]
async fn time_does_not_run_while_the_application_has_nothing_to_send() {
    let rate = MinDataRate::new(1_000_000, SHORT);
    let limits = Limits::default()
        .with_min_response_rate(Some(rate))
        .with_min_request_body_rate(Some(rate));
    let go = Arc::new(Semaphore::new(0));
    let server = limited(limits, {
        let go = Arc::clone(&go);
        move |_: Request| {
            let go = Arc::clone(&go);
            let pieces = stream::iter(["first", "second"]).then(move |piece| {
                let go = Arc::clone(&go);
                async move {
                    if piece == "second" {
                        go.acquire().await.unwrap().forget();
                    }
                    Ok::<_, std::io::Error>(piece)
                }
            });
            async { Response::new(Body::from_stream(pieces)) }
        }
    })
    .await;
    let mut peer = Peer::open(&server).await;
    let post = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "a"),
    ];
    // Its body never ends, and the application does not read it.
    peer.send(&frame(HEADERS, END_HEADERS, 1, &block(&post)))
        .await;
    assert_eq!(peer.until_kind(DATA).await.payload, b"first");
    tokio::time::sleep(3 * SHORT).await;
    go.add_permits(1);
    assert_eq!(peer.until_kind(DATA).await.payload, b"second");
    drop(peer);
    server.stop().await;
}
