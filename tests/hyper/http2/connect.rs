//! Streams that leave HTTP.

use std::future::pending;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocketUpgrade};
use futures_util::{AsyncReadExt as _, AsyncWriteExt as _};
use http::StatusCode;
use tower::ServiceExt as _;
use transom::features::{ExtendedConnect, RequestExt, ServerLifetime, Upgrade};
use transom::hyper::Limits;
use transom::{Body, HyperServer, Request, Response};

use super::frames::{
    DATA, END_HEADERS, END_STREAM, GET, GOAWAY, HEADERS, PING, Peer, RST_STREAM, block, frame,
};
use crate::support::{Running, eventually, start, start_with, within};

/// An extended CONNECT; RFC 8441, section 5.
const WEBSOCKET: &[(&str, &str)] = &[
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "http"),
    (":path", "/chat?x"),
    (":authority", "a"),
    ("sec-websocket-version", "13"),
];

/// How a block begins whose status is 200; RFC 7541, appendix A.
const OK: u8 = 0x88;

async fn ask(peer: &mut Peer, stream: u32, fields: &[(&str, &str)]) {
    peer.send(&frame(HEADERS, END_HEADERS, stream, &block(fields)))
        .await;
}

async fn reset(peer: &mut Peer, stream: u32) {
    const CANCEL: u32 = 8;
    peer.send(&frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()))
        .await;
}

/// Sends back what it gets, if it is asked to.
async fn echo(request: Request) -> Response {
    let mut response = Response::default();
    let Some(upgrade) = request.feature::<dyn Upgrade>() else {
        *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
        return response;
    };
    let upgrading = match upgrade.accept() {
        Ok(upgrading) => upgrading,
        Err(error) => {
            assert!(error.is_too_many());
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return response;
        }
    };
    tokio::spawn(async move {
        let Ok(stream) = upgrading.await else {
            return;
        };
        let (reader, mut writer) = stream.split();
        let _ = futures_util::io::copy(reader, &mut writer).await;
        let _ = writer.close().await;
    });
    if request.uri().query() == Some("as-http1") {
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert("upgrade", "websocket".parse().unwrap());
        headers.insert("connection", "upgrade".parse().unwrap());
    }
    response
}

async fn echoes(peer: &mut Peer, stream: u32) {
    let head = peer.until_kind(HEADERS).await;
    assert_eq!(
        (head.stream, head.flags & END_STREAM, head.payload[0]),
        (stream, 0, OK),
        "{head:?}"
    );
    for piece in [&b"to and fro"[..], b"once more"] {
        peer.send(&frame(DATA, 0, stream, piece)).await;
        assert_eq!(peer.until_kind(DATA).await.payload, piece);
    }
}

#[tokio::test]
async fn a_stream_that_is_accepted_is_bytes_both_ways() {
    let server = start(echo).await;
    let mut peer = Peer::open(&server).await;
    ask(&mut peer, 1, WEBSOCKET).await;
    echoes(&mut peer, 1).await;
    assert_eq!(server.statistics.upgraded(), 1);
    assert_eq!(
        server.statistics.connections(),
        1,
        "the connection stays what it is"
    );
    eventually("the request is over", || server.statistics.requests() == 0).await;
    // The connection carries others beside it.
    let mut other = WEBSOCKET.to_vec();
    other[3] = (":path", "/?as-http1");
    ask(&mut peer, 3, &other).await;
    echoes(&mut peer, 3).await;
    assert_eq!(server.statistics.upgraded(), 2);
    // The end of one is not the other's.
    peer.send(&frame(DATA, END_STREAM, 1, b"last")).await;
    assert_eq!(peer.until_kind(DATA).await.payload, b"last");
    let end = peer
        .until("its end", |frame| frame.flags & END_STREAM != 0)
        .await;
    assert_eq!((end.kind, end.stream), (DATA, 1));
    eventually("it is no longer counted", || {
        server.statistics.upgraded() == 1
    })
    .await;
    reset(&mut peer, 3).await;
    eventually("a reset ends it", || server.statistics.is_idle()).await;
    drop(peer);
    server.stop().await;
}

#[tokio::test]
async fn the_application_sees_what_is_asked_for_and_may_say_no() {
    let server = start(|request: Request| async move {
        let asked = request.feature::<ExtendedConnect>().unwrap();
        let seen = format!(
            "{} {} {} {:?}",
            request.method(),
            asked.protocol(),
            request.uri(),
            request.headers()["host"]
        );
        let mut response = Response::new(Body::from(seen));
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    })
    .await;
    let mut peer = Peer::open(&server).await;
    ask(&mut peer, 1, WEBSOCKET).await;
    assert_eq!(peer.answer(1).await, r#"CONNECT websocket /chat?x "a""#);
    assert_eq!(server.statistics.upgraded(), 0);
    drop(peer);
    server.stop().await;
}

#[tokio::test]
async fn a_plain_request_has_no_upgrade() {
    let server = start(|request: Request| async move {
        assert!(request.feature::<ExtendedConnect>().is_none());
        assert!(request.feature::<dyn Upgrade>().is_none());
        Response::new(Body::from("none"))
    })
    .await;
    let mut peer = Peer::open(&server).await;
    peer.request(1, GET).await;
    assert_eq!(peer.answer(1).await, "none");
    drop(peer);
    server.stop().await;
}

#[tokio::test]
async fn there_are_no_more_upgraded_streams_than_there_may_be() {
    let limits = Limits::default().with_max_upgraded_connections(Some(1));
    let server = HyperServer::new("http://127.0.0.1:0").with_limits(limits);
    let server = start_with(server, echo).await;
    let mut peer = Peer::open(&server).await;
    ask(&mut peer, 1, WEBSOCKET).await;
    echoes(&mut peer, 1).await;
    ask(&mut peer, 3, WEBSOCKET).await;
    peer.answer(3).await;
    assert_eq!(server.statistics.upgraded(), 1);
    reset(&mut peer, 1).await;
    eventually("there is room again", || server.statistics.upgraded() == 0).await;
    ask(&mut peer, 5, WEBSOCKET).await;
    echoes(&mut peer, 5).await;
    drop(peer);
    server.stop().await;
}

/// A client that goes away between the answer and its way out must not keep a place.
#[tokio::test]
async fn streams_that_are_reset_at_once_leave_no_place_taken() {
    let server = start(echo).await;
    let mut peer = Peer::open(&server).await;
    for stream in (0..100_u32).map(|one| one * 2 + 1) {
        ask(&mut peer, stream, WEBSOCKET).await;
        for _ in 0..stream % 7 {
            tokio::task::yield_now().await;
        }
        reset(&mut peer, stream).await;
        if stream % 7 == 0 {
            // h2 takes few resets of streams that nobody has looked at yet.
            peer.send(&frame(PING, 0, 0, &[0; 8])).await;
            peer.until_kind(PING).await;
        }
    }
    peer.request(201, GET).await;
    peer.answer(201).await;
    eventually("nothing is left", || server.statistics.is_idle()).await;
    drop(peer);
    server.stop().await;
}

#[tokio::test]
async fn no_time_runs_on_an_upgraded_stream() {
    let short = Duration::from_millis(200);
    let limits = Limits::default()
        .with_keep_alive_timeout(Some(short))
        .with_request_head_timeout(Some(short))
        .with_max_connection_age(Some(short))
        .with_max_connection_age_grace(Some(short));
    let server = HyperServer::new("http://127.0.0.1:0").with_limits(limits);
    let server = start_with(server, echo).await;
    let mut peer = Peer::open(&server).await;
    ask(&mut peer, 1, WEBSOCKET).await;
    echoes(&mut peer, 1).await;
    tokio::time::sleep(short * 5).await;
    peer.send(&frame(DATA, 0, 1, b"still there")).await;
    assert_eq!(peer.until_kind(DATA).await.payload, b"still there");
    drop(peer);
    server.stop().await;
}

#[tokio::test]
async fn a_stop_waits_for_an_upgraded_stream_which_hears_of_it() {
    let server = start(|request: Request| async move {
        let upgrading = request.feature::<dyn Upgrade>().unwrap().accept().unwrap();
        let lifetime = request.feature::<ServerLifetime>().unwrap().clone();
        tokio::spawn(async move {
            let mut stream = upgrading.await.unwrap();
            lifetime.stopping().await;
            stream.write_all(b"goodbye").await.unwrap();
            stream.close().await.unwrap();
        });
        Response::default()
    })
    .await;
    let mut peer = Peer::open(&server).await;
    ask(&mut peer, 1, WEBSOCKET).await;
    peer.until_kind(HEADERS).await;
    server.trigger.request();
    let mut said = Vec::<u8>::new();
    let mut told = false;
    while let Some(received) = peer.frame().await {
        told |= received.kind == GOAWAY;
        if received.kind == DATA {
            said.extend(&received.payload);
            if received.flags & END_STREAM != 0 {
                peer.send(&frame(DATA, END_STREAM, 1, &[])).await;
            }
        }
    }
    assert_eq!(said, *b"goodbye");
    assert!(told);
    within(server.serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_drop_ends_an_upgraded_stream() {
    let server = start(|request: Request| async move {
        let upgrading = request.feature::<dyn Upgrade>().unwrap().accept().unwrap();
        tokio::spawn(async move {
            let _stream = upgrading.await.unwrap();
            pending::<()>().await;
        });
        Response::default()
    })
    .await;
    let mut peer = Peer::open(&server).await;
    ask(&mut peer, 1, WEBSOCKET).await;
    peer.until_kind(HEADERS).await;
    server.serving.abort();
    while peer.frame().await.is_some() {}
    eventually("nothing is left", || server.statistics.is_idle()).await;
}

async fn axum_websocket() -> Running {
    let router = axum::Router::new().route(
        "/chat",
        axum::routing::any(|upgrade: WebSocketUpgrade| async {
            upgrade.on_upgrade(|mut socket| async move {
                while let Some(Ok(message)) = socket.recv().await {
                    if let Message::Text(text) = message {
                        let answer = format!("you said {text}");
                        socket.send(Message::Text(answer.into())).await.unwrap();
                    }
                }
            })
        }),
    );
    start(move |request: Request| {
        let router = router.clone();
        async move {
            let request = request.map(axum::body::Body::new);
            let response = router.oneshot(request).await.unwrap();
            response.map(Body::new)
        }
    })
    .await
}

#[tokio::test]
async fn a_websocket_of_axum_works_over_http2() {
    let server = axum_websocket().await;
    let mut peer = Peer::open(&server).await;
    ask(&mut peer, 1, WEBSOCKET).await;
    let head = peer.until_kind(HEADERS).await;
    assert_eq!(head.payload[0], OK, "{head:?}");
    // A text of five bytes, with a mask of zeros.
    peer.send(&frame(DATA, 0, 1, b"\x81\x85\0\0\0\0hello"))
        .await;
    let answer = peer.until_kind(DATA).await.payload;
    assert_eq!(answer, b"\x81\x0eyou said hello");
    assert_eq!(server.statistics.upgraded(), 1);
    // A close.
    peer.send(&frame(DATA, 0, 1, b"\x88\x80\0\0\0\0")).await;
    assert_eq!(peer.until_kind(DATA).await.payload, b"\x88\x00");
    peer.until("the end", |frame| frame.flags & END_STREAM != 0)
        .await;
    eventually("it is over", || server.statistics.is_idle()).await;
    drop(peer);
    server.stop().await;
}
