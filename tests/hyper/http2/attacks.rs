//! What clients send in order to cost more than they pay. Each ends with GOAWAY, and soon.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use transom::{Body, Request, Response};

use super::frames::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, Frame, GET, GOAWAY,
    HEADERS, PING, PRIORITY, Peer, RST_STREAM, SETTINGS, WINDOW_UPDATE, block, frame, read_frame,
};
use crate::support::{Running, eventually, says, start, within};

/// Sends these frames over and over, and returns the GOAWAY that ends it.
async fn flood(server: &Running, mut next: impl FnMut(u32) -> Vec<u8>) -> Frame {
    let begin = Instant::now();
    let peer = Peer::open(server).await;
    let (read, mut write) = peer.0.into_split();
    let reading = tokio::spawn(async move {
        let mut reader = tokio::io::BufReader::new(read);
        let mut last = None;
        while let Some(frame) = read_frame(&mut reader).await {
            if frame.kind == GOAWAY {
                last = Some(frame);
            }
        }
        last
    });
    let writing = async {
        for round in 0..u32::MAX {
            let frames = next(round);
            if tokio::io::AsyncWriteExt::write_all(&mut write, &frames)
                .await
                .is_err()
            {
                break;
            }
            if reading.is_finished() {
                break;
            }
        }
    };
    within(writing).await;
    let goaway = within(reading).await.unwrap();
    assert!(
        begin.elapsed() < Duration::from_secs(7),
        "{:?}",
        begin.elapsed()
    );
    goaway.expect("a GOAWAY is the last that there is")
}

/// Floods a server, and sees that it is as good as before for somebody else.
async fn is_calmed(server: Running, next: impl FnMut(u32) -> Vec<u8>) {
    let goaway = flood(&server, next).await;
    assert_eq!(goaway.code(), ENHANCE_YOUR_CALM, "{goaway:?}");
    assert!(!goaway.text().is_empty(), "it says why");
    let mut other = Peer::open(&server).await;
    other.request(1, GET).await;
    assert_eq!(other.answer(1).await, "done");
    drop(other);
    eventually("nothing is left", || server.statistics.connections() == 0).await;
    server.stop().await;
}

/// A hundred frames at a time.
fn hundred(frame: &[u8]) -> impl FnMut(u32) -> Vec<u8> {
    let frames = frame.repeat(100);
    move |_| frames.clone()
}

#[tokio::test]
async fn a_flood_of_pings_is_calmed() {
    is_calmed(
        start(says("done")).await,
        hundred(&frame(PING, 0, 0, &[7; 8])),
    )
    .await;
}

#[tokio::test]
async fn a_flood_of_answers_to_pings_that_were_not_sent_is_calmed() {
    is_calmed(
        start(says("done")).await,
        hundred(&frame(PING, ACK, 0, &[7; 8])),
    )
    .await;
}

#[tokio::test]
async fn a_flood_of_settings_is_calmed() {
    is_calmed(
        start(says("done")).await,
        hundred(&frame(SETTINGS, 0, 0, &[])),
    )
    .await;
}

#[tokio::test]
async fn a_flood_of_large_settings_is_calmed() {
    let one = [0, 4, 0, 1, 0, 0];
    let settings = frame(SETTINGS, 0, 0, &one.repeat(2_000));
    is_calmed(start(says("done")).await, move |_| settings.clone()).await;
}

#[tokio::test]
async fn a_flood_of_window_updates_is_calmed() {
    let update = frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]);
    is_calmed(start(says("done")).await, hundred(&update)).await;
}

#[tokio::test]
async fn a_flood_of_priorities_is_calmed() {
    let priority = frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 16]);
    is_calmed(start(says("done")).await, hundred(&priority)).await;
}

#[tokio::test]
async fn a_flood_of_frames_that_nobody_knows_is_calmed() {
    is_calmed(start(says("done")).await, hundred(&frame(0xbe, 0, 0, b"x"))).await;
}

#[tokio::test]
async fn a_flood_of_empty_data_is_calmed() {
    let server = start(|request: Request| async move {
        if request.method() == http::Method::POST {
            let _ = request.into_body().collect(1024).await;
        }
        Response::new(Body::from("done"))
    })
    .await;
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "a"),
    ];
    let begin = frame(HEADERS, END_HEADERS, 1, &block(&fields));
    is_calmed(server, move |round| match round {
        0 => begin.clone(),
        _ => frame(DATA, 0, 1, &[]).repeat(100),
    })
    .await;
}

#[tokio::test]
async fn a_flood_of_continuations_is_calmed() {
    let begin = frame(HEADERS, END_STREAM, 1, &block(GET));
    is_calmed(start(says("done")).await, move |round| match round {
        0 => begin.clone(),
        round => frame(CONTINUATION, 0, 1, &block(&[("x", &format!("{round}"))])),
    })
    .await;
}

#[tokio::test]
async fn a_flood_of_empty_continuations_is_calmed() {
    let begin = frame(HEADERS, END_STREAM, 1, &block(GET));
    is_calmed(start(says("done")).await, move |round| match round {
        0 => begin.clone(),
        _ => frame(CONTINUATION, 0, 1, &[]).repeat(10),
    })
    .await;
}

#[tokio::test]
async fn a_rapid_reset_is_calmed() {
    let cancel = 8_u32.to_be_bytes();
    is_calmed(start(says("done")).await, move |round| {
        let mut frames = Vec::new();
        for stream in (0..50).map(|one| (round * 50 + one) * 2 + 1) {
            frames.extend(frame(
                HEADERS,
                END_HEADERS | END_STREAM,
                stream,
                &block(GET),
            ));
            frames.extend(frame(RST_STREAM, 0, stream, &cancel));
        }
        frames
    })
    .await;
}

/// One that waits until each request has reached the application, which no limit on what is not yet
/// accepted sees.
#[tokio::test]
async fn a_patient_reset_is_calmed_too() {
    let calls = Arc::new(AtomicUsize::new(0));
    let server = start({
        let calls = Arc::clone(&calls);
        move |_: Request| {
            calls.fetch_add(1, Ordering::Relaxed);
            async { std::future::pending::<Response>().await }
        }
    })
    .await;
    let mut peer = Peer::open(&server).await;
    let cancel = 8_u32.to_be_bytes();
    for round in 0..3000_u32 {
        let stream = round * 2 + 1;
        let open = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(GET));
        let reset = frame(RST_STREAM, 0, stream, &cancel);
        if !peer.send_if_open(&open).await {
            break;
        }
        let before = Instant::now();
        while calls.load(Ordering::Relaxed) <= round as usize {
            tokio::task::yield_now().await;
            if before.elapsed() > Duration::from_millis(500) {
                break;
            }
        }
        if calls.load(Ordering::Relaxed) <= round as usize || !peer.send_if_open(&reset).await {
            break;
        }
    }
    let calls = calls.load(Ordering::Relaxed);
    assert!((900..1_500).contains(&calls), "{calls} calls");
    assert_eq!(peer.until_gone().await.code(), ENHANCE_YOUR_CALM);
    eventually("nothing is left", || server.statistics.is_idle()).await;
    server.stop().await;
}

/// A client that makes the server reset: each request ends with an error of its own.
#[tokio::test]
async fn a_flood_of_malformed_requests_is_calmed() {
    let fields = [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/"),
        (":authority", "a"),
    ];
    is_calmed(start(says("done")).await, move |round| {
        let stream = round * 2 + 1;
        frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&fields))
    })
    .await;
}

#[tokio::test]
async fn a_flood_of_requests_that_h2_refuses_is_calmed() {
    let fields = [
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/"),
        ("connection", "x"),
    ];
    is_calmed(start(says("done")).await, move |round| {
        let stream = round * 2 + 1;
        frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&fields))
    })
    .await;
}

/// Pings whose answers are not read are no way around that.
#[tokio::test]
async fn a_client_that_pings_and_does_not_read_is_ended() {
    let server = start(says("done")).await;
    let mut peer = Peer::open(&server).await;
    let pings = frame(PING, 0, 0, &[7; 8]).repeat(1_000);
    let begin = Instant::now();
    while peer.send_if_open(&pings).await {
        assert!(begin.elapsed() < Duration::from_secs(7));
    }
    drop(peer);
    eventually("nothing is left", || server.statistics.connections() == 0).await;
    server.stop().await;
}

/// Ordinary work earns what it needs: a client that acknowledges each piece is no attack.
#[tokio::test]
async fn a_client_that_updates_its_windows_all_the_time_is_served() {
    const LENGTH: usize = 30_000_000;
    let server = start(|_: Request| async { Response::new(Body::from(vec![b'x'; LENGTH])) }).await;
    let mut peer = Peer::open(&server).await;
    peer.request(1, GET).await;
    let mut received = 0;
    let mut updates = 0;
    while received < LENGTH {
        let data = peer.until_kind(DATA).await;
        received += data.payload.len();
        let increment = (data.payload.len() as u32).to_be_bytes();
        if data.payload.is_empty() {
            continue;
        }
        let mut frames = frame(WINDOW_UPDATE, 0, 0, &increment);
        frames.extend(frame(WINDOW_UPDATE, 0, 1, &increment));
        frames.extend(frame(PING, 0, 0, &[0; 8]));
        peer.send(&frames).await;
        updates += 3;
    }
    assert!(updates > 3_000, "{updates}");
    peer.request(3, GET).await;
    peer.until_kind(HEADERS).await;
    drop(peer);
    server.stop().await;
}
