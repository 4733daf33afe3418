//! Clients that there is no handshake with.

use std::time::{Duration, Instant};

use transom::HyperServer;
use transom::hyper::tls::Tls;
use transom::hyper::{Endpoint, Protocols};

use super::{Authority, TlsClient, https};
use crate::support::{eventually, says, start_with};

const NAME: &str = "a.example";

#[tokio::test]
async fn no_common_protocol_is_refused() {
    let authority = Authority::new();
    let tls = Tls::new(authority.server(&[NAME]).pem());
    let server = start_with(https(tls), says("hi")).await;
    let client = TlsClient::new(&authority).alpn(&["spdy/3"]);
    let error = client.connect(&server, NAME).await.err().unwrap();
    assert!(
        error.to_string().contains("NoApplicationProtocol"),
        "{error}"
    );
    server.stop().await;
}

#[tokio::test]
async fn an_endpoint_of_http2_alone_closes_on_a_client_that_does_not_offer_it() {
    let authority = Authority::new();
    let endpoint = Endpoint::new("https://127.0.0.1:0")
        .with_tls(authority.server(&[NAME]).pem())
        .with_protocols(Protocols::HTTP2);
    let server = start_with(HyperServer::default().with_endpoint(endpoint), says("hi")).await;
    let mut client = TlsClient::new(&authority)
        .connect(&server, NAME)
        .await
        .unwrap();
    let _ = client
        .send("GET / HTTP/1.1\r\nhost: a.example\r\n\r\n")
        .await;
    assert_eq!(client.rest().await.unwrap(), "");
    let client = TlsClient::new(&authority).alpn(&["http/1.1"]);
    let error = client.connect(&server, NAME).await.err().unwrap();
    assert!(
        error.to_string().contains("NoApplicationProtocol"),
        "{error}"
    );
    server.stop().await;
}

#[tokio::test]
async fn http_without_tls_is_told_so() {
    let authority = Authority::new();
    let tls = Tls::new(authority.server(&[NAME]).pem());
    let server = start_with(https(tls), says("hi")).await;
    // With a body that nobody reads, which must not destroy the answer.
    let body = "x".repeat(32 * 1024);
    let answer = server
        .exchange(format!(
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 32768\r\n\r\n{body}"
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("https://"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn what_is_neither_tls_nor_http_gets_an_alert() {
    let authority = Authority::new();
    let tls = Tls::new(authority.server(&[NAME]).pem());
    let server = start_with(https(tls), says("hi")).await;
    for nonsense in [
        &b"\x16\x03\x01\x00\x05hello"[..],
        b"\x00\x01\x02\x03\x04\x05",
        b"\x80\x2e\x01",
    ] {
        let mut client = server.connect().await;
        client.send(nonsense).await;
        tokio::io::AsyncWriteExt::shutdown(&mut client.0)
            .await
            .unwrap();
        let answer = client.rest().await;
        assert!(
            answer.is_empty() || answer.starts_with('\x15'),
            "{answer:?}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_handshake_that_stalls_ends_in_time_and_holds_nobody_up() {
    const TIME: Duration = Duration::from_millis(300);
    let authority = Authority::new();
    let tls = Tls::new(authority.server(&[NAME]).pem()).with_handshake_timeout(Some(TIME));
    let server = start_with(https(tls), says("hi")).await;
    let begin = Instant::now();
    let mut silent = server.connect().await;
    let mut half = server.connect().await;
    half.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        .await;
    // Each byte does not buy more time.
    let mut slow = server.connect().await;
    slow.send(b"\x16\x03\x01\x02").await;
    for _ in 0..50 {
        let client = TlsClient::new(&authority);
        assert_eq!(client.get(&server, NAME).await.unwrap(), "hi");
        let _ = tokio::io::AsyncWriteExt::write_all(&mut slow.0, &[0]).await;
    }
    for client in [&mut silent, &mut half] {
        assert_eq!(client.rest().await, "");
    }
    let took = begin.elapsed();
    assert!(took >= TIME, "{took:?}");
    eventually("all are gone", || server.statistics.connections() == 0).await;
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_handshakes() {
    let authority = Authority::new();
    let server = start_with(https(authority.server(&[NAME]).pem()), says("hi")).await;
    let mut half = server.connect().await;
    half.send(b"\x16\x03\x01\x02\x00\x01\x00").await;
    eventually("it is there", || server.statistics.connections() == 1).await;
    let begin = Instant::now();
    server.stop().await;
    assert!(begin.elapsed() < Duration::from_secs(2));
    assert_eq!(half.rest().await, "");
}
