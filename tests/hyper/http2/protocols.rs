//! Endpoints that speak one version of HTTP, and clients that speak the other.

use transom::HyperServer;
use transom::hyper::{Endpoint, Protocols};

use super::frames::{GET, GOAWAY, HTTP_1_1_REQUIRED, PREFACE, Peer, SETTINGS};
use crate::support::{Running, says, start_with};

async fn speaking(protocols: Protocols) -> Running {
    let endpoint = Endpoint::new("http://127.0.0.1:0").with_protocols(protocols);
    let server = HyperServer::default().with_endpoint(endpoint);
    start_with(server, says("done")).await
}

#[tokio::test]
async fn a_client_of_http2_is_told_that_http1_is_required() {
    let server = speaking(Protocols::HTTP1).await;
    let mut peer = Peer::open(&server).await;
    peer.request(1, GET).await;
    let settings = peer.frame().await.unwrap();
    assert_eq!((settings.kind, settings.flags), (SETTINGS, 0));
    let goaway = peer.frame().await.unwrap();
    assert_eq!((goaway.kind, goaway.code()), (GOAWAY, HTTP_1_1_REQUIRED));
    assert_eq!(peer.frame().await, None);

    let answer = server
        .exchange("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert!(answer.ends_with("done"), "{answer}");
    // What only begins like the preface is a request, and the preface in pieces is one.
    let answer = server
        .exchange("PRI / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert!(answer.ends_with("done"), "{answer}");
    let mut peer = Peer(server.connect().await.0);
    for piece in PREFACE.chunks(7) {
        peer.send(piece).await;
    }
    assert_eq!(peer.until_gone().await.code(), HTTP_1_1_REQUIRED);
    server.stop().await;
}

#[tokio::test]
async fn a_client_of_http1_is_told_that_its_version_is_not_spoken() {
    let server = speaking(Protocols::HTTP2).await;
    let answer = server
        .exchange("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc")
        .await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 505 "), "{answer}");
    let length = format!("content-length: {}", body.len());
    assert!(head.contains(&length), "{answer}");

    let mut peer = Peer::open(&server).await;
    peer.request(1, GET).await;
    assert_eq!(peer.answer(1).await, "done");
    drop(peer);
    server.stop().await;
}
