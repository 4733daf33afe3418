//! How much a client may send, and what it is told of it.

use transom::hyper::{Http2Limits, Limits};
use transom::{Application, Body, HyperServer, Request, Response};

use super::frames::{
    DATA, END_HEADERS, END_STREAM, Frame, GET, GOAWAY, HEADERS, PING, Peer, REFUSED_STREAM,
    RST_STREAM, SETTINGS, WINDOW_UPDATE, block, frame,
};
use crate::support::{Running, eventually, says, start, start_with};

async fn limited(http2: Http2Limits, app: impl Application) -> Running {
    let limits = Limits::default().with_http2(http2);
    let server = HyperServer::new("http://127.0.0.1:0").with_limits(limits);
    start_with(server, app).await
}

/// Returns the value of a setting that the server announced.
fn setting(frame: &Frame, name: u16) -> Option<u32> {
    assert_eq!(frame.kind, SETTINGS);
    let mut settings = frame.payload.chunks_exact(6);
    let named = settings.rfind(|setting| setting[..2] == name.to_be_bytes())?;
    Some(u32::from_be_bytes(named[2..].try_into().unwrap()))
}

#[tokio::test]
async fn the_limits_are_announced() {
    let limits = Http2Limits::default()
        .with_header_table_size(1_024)
        .with_max_streams(7)
        .with_initial_stream_window_size(100_000)
        .with_initial_connection_window_size(300_000)
        .with_max_frame_size(20_000)
        .with_max_header_list_size(10_000);
    let server = limited(limits, says("done")).await;
    let mut peer = Peer::open(&server).await;
    let settings = peer.frame().await.unwrap();
    let announced: Vec<_> = (1..=8).map(|name| setting(&settings, name)).collect();
    assert_eq!(announced[0], Some(1_024), "HEADER_TABLE_SIZE");
    assert_eq!(announced[2], Some(7), "MAX_CONCURRENT_STREAMS");
    assert_eq!(announced[3], Some(100_000), "INITIAL_WINDOW_SIZE");
    assert_eq!(announced[4], Some(20_000), "MAX_FRAME_SIZE");
    assert_eq!(announced[5], Some(10_000), "MAX_HEADER_LIST_SIZE");
    assert_eq!(announced[7], Some(1), "ENABLE_CONNECT_PROTOCOL");
    let update = peer.until_kind(WINDOW_UPDATE).await;
    assert_eq!(update.stream, 0);
    assert_eq!(update.payload, (300_000_u32 - 65_535).to_be_bytes());
    drop(peer);
    server.stop().await;
}

#[tokio::test]
async fn the_defaults_are_those_of_kestrel() {
    let server = start(says("done")).await;
    let mut peer = Peer::open(&server).await;
    let settings = peer.frame().await.unwrap();
    assert_eq!(setting(&settings, 3), Some(100));
    assert_eq!(setting(&settings, 4), Some(768 * 1024));
    assert_eq!(setting(&settings, 6), Some(32 * 1024));
    drop(peer);
    server.stop().await;
}

#[tokio::test]
async fn one_stream_too_many_is_refused_and_the_others_are_served() {
    let go = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let gate = std::sync::Arc::clone(&go);
    let server = limited(
        Http2Limits::default().with_max_streams(2),
        move |_: Request| {
            let gate = std::sync::Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Response::new(Body::from("done"))
            }
        },
    )
    .await;
    let mut peer = Peer::open(&server).await;
    for stream in [1, 3, 5] {
        peer.request(stream, GET).await;
    }
    let reset = peer.until_kind(RST_STREAM).await;
    assert_eq!((reset.stream, reset.code()), (5, REFUSED_STREAM));
    assert_eq!(server.statistics.requests(), 2);
    go.add_permits(3);
    peer.answer(3).await;
    peer.request(7, GET).await;
    assert_eq!(peer.answer(7).await, "done");
    drop(peer);
    server.stop().await;
}

#[tokio::test]
async fn fields_that_are_too_large_are_answered_431() {
    let server = limited(
        Http2Limits::default().with_max_header_list_size(1_000),
        says("done"),
    )
    .await;
    let mut peer = Peer::open(&server).await;
    let long = "x".repeat(1_000);
    let mut fields = GET.to_vec();
    fields.push(("x", &long));
    peer.request(1, &fields).await;
    let head = peer.until_kind(HEADERS).await;
    let status = head.payload.windows(3).any(|bytes| bytes == b"431");
    assert!(status || is_huffman_431(&head.payload), "{head:?}");
    assert_eq!(head.flags & END_STREAM, END_STREAM);
    // The connection is as good as before.
    peer.request(3, GET).await;
    assert_eq!(peer.answer(3).await, "done");
    drop(peer);
    server.stop().await;
}

/// Returns whether `431` is there as RFC 7541, appendix B, has it: 011010 011001 00001.
fn is_huffman_431(block: &[u8]) -> bool {
    block
        .windows(3)
        .any(|bytes| bytes == [0b0110_1001, 0b1001_0000, 0b1111_1111])
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_the_connection() {
    const FRAME_SIZE_ERROR: u32 = 6;
    let server = start(says("done")).await;
    let mut peer = Peer::open(&server).await;
    peer.send(&frame(PING, 0, 0, &[0; 16_385])[..9]).await;
    assert_eq!(peer.until_kind(GOAWAY).await.code(), FRAME_SIZE_ERROR);
    drop(peer);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_a_ping_is_gone() {
    let second = std::time::Duration::from_secs(1);
    let limits = Http2Limits::default()
        .with_keep_alive_ping_delay(Some(second))
        .with_keep_alive_ping_timeout(second);
    let server = limited(limits, |_: Request| std::future::pending::<Response>()).await;
    let mut peer = Peer::open(&server).await;
    peer.request(1, GET).await;
    let begin = std::time::Instant::now();
    peer.until_kind(PING).await;
    while peer.frame().await.is_some() {}
    let taken = begin.elapsed();
    assert!((second * 3 / 2..second * 6).contains(&taken), "{taken:?}");
    eventually("the request is dropped", || server.statistics.is_idle()).await;
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_nobody_reads_fills_a_window_and_no_more() {
    let server = limited(
        Http2Limits::default()
            .with_initial_stream_window_size(70_000)
            .with_initial_connection_window_size(100_000),
        |_: Request| std::future::pending::<Response>(),
    )
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
    for _ in 0..5 {
        peer.send(&frame(DATA, 0, 1, &[0; 16_000])).await;
    }
    const FLOW_CONTROL_ERROR: u32 = 3;
    let reset = peer
        .until("an error", |frame| {
            matches!(frame.kind, RST_STREAM | GOAWAY)
        })
        .await;
    assert_eq!(reset.code(), FLOW_CONTROL_ERROR);
    drop(peer);
    server.stop().await;
}
