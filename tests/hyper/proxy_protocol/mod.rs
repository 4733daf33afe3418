//! The PROXY protocol. What a header may be is tested where it is read.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use transom::features::{ConnectionInfo, ProxyProtocolInfo, RequestExt};
use transom::hyper::{Endpoint, Limits, ProxyProtocol, Rejection, RejectionReason};
use transom::{Application, Body, HyperServer, Request, Response};

use crate::support::{Running, eventually, start_with};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
const LINE: &str = "PROXY TCP4 192.0.2.1 192.0.2.2 49152 443\r\n";
const BLOCK: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\xc0\x00\x01\xbb";

/// Tells both ends, and those of the proxy.
fn tells() -> impl Application {
    |request: Request| async move {
        let info = request.feature::<ConnectionInfo>().unwrap();
        let ends = format!("{} {}", info.remote().unwrap(), info.local().unwrap());
        let proxy = request.feature::<ProxyProtocolInfo>();
        let proxy = proxy.map(|proxy| (proxy.version(), proxy.proxy().unwrap().to_string()));
        Response::new(Body::from(format!("{ends} {proxy:?}")))
    }
}

async fn start(trust: ProxyProtocol) -> Running {
    let limits = Limits::default().with_request_head_timeout(Some(Duration::from_millis(300)));
    let endpoint = Endpoint::new("http://127.0.0.1:0").with_proxy_protocol(trust);
    let server = HyperServer::default()
        .with_endpoint(endpoint)
        .with_limits(limits);
    start_with(server, tells()).await
}

/// Starts a server that lets one connection in for each address, and tells whom it rejects.
async fn start_strict(trust: ProxyProtocol) -> (Running, Receiver<Rejection>) {
    let (sender, rejections) = channel();
    let limits = Limits::default()
        .with_max_connections_per_address(Some(1))
        .with_request_head_timeout(Some(Duration::from_secs(60)));
    let server = HyperServer::default()
        .with_endpoint(Endpoint::new("http://127.0.0.1:0").with_proxy_protocol(trust))
        .with_limits(limits)
        .with_rejection_hook(move |rejection| drop(sender.send(rejection.clone())));
    (start_with(server, tells()).await, rejections)
}

fn trusted() -> ProxyProtocol {
    ProxyProtocol::from_trusted(["127.0.0.0/8"])
}

fn others() -> ProxyProtocol {
    ProxyProtocol::from_trusted(["192.0.2.0/24"])
}

#[tokio::test]
async fn a_trusted_proxy_tells_the_ends_of_its_client() {
    let server = start(trusted()).await;
    for (version, header) in [(1, LINE.as_bytes()), (2, BLOCK)] {
        let mut client = server.connect().await;
        let proxy = client.0.local_addr().unwrap().to_string();
        client.send([header, GET.as_bytes()].concat()).await;
        let answer = client.rest().await;
        let expected = format!("192.0.2.1:49152 192.0.2.2:443 {:?}", Some((version, proxy)));
        assert!(answer.ends_with(&expected), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_proxy_that_speaks_for_itself_has_its_own_ends() {
    let server = start(trusted()).await;
    let mut client = server.connect().await;
    let own = client.0.local_addr().unwrap();
    client.send(format!("PROXY UNKNOWN\r\n{GET}")).await;
    let answer = client.rest().await;
    assert!(
        answer.contains(&format!("\r\n\r\n{own} {} ", server.address)),
        "{answer}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_trusted_proxy_without_a_header_is_closed_without_a_word() {
    let server = start(trusted()).await;
    for bytes in [GET, "PROXY TCP4 nonsense\r\n"] {
        let mut client = server.connect().await;
        client.send(bytes).await;
        assert!(client.bytes_or_reset().await.is_empty(), "{bytes}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_header_that_stalls_has_the_time_of_the_first_head() {
    let server = start(trusted()).await;
    for begun in [&b""[..], b"PROXY TCP4 192.0", &BLOCK[..20]] {
        let mut client = server.connect().await;
        let start = Instant::now();
        client.send(begun).await;
        assert_eq!(client.rest().await, "");
        assert!(start.elapsed() >= Duration::from_millis(250), "{begun:?}");
    }
    // The header does not buy time for what follows.
    let mut client = server.connect().await;
    let start = Instant::now();
    tokio::time::sleep(Duration::from_millis(45)).await;
    client.send(LINE).await;
    client.send("GET / HTTP").await;
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        start.elapsed() < Duration::from_millis(700),
        "{:?}",
        start.elapsed()
    );
    server.stop().await;
}

#[tokio::test]
async fn whoever_is_not_trusted_is_refused() {
    let server = start(others()).await;
    for bytes in [GET.to_owned(), format!("{LINE}{GET}")] {
        let mut client = server.connect().await;
        // It may be gone before the bytes are.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut client.0, bytes.as_bytes()).await;
        assert!(client.bytes_or_reset().await.is_empty());
    }
    server.stop().await;
}

#[tokio::test]
async fn direct_clients_are_served_if_allowed_and_their_headers_are_bad_requests() {
    let server = start(others().with_direct_clients(true)).await;
    let mut client = server.connect().await;
    let own = client.0.local_addr().unwrap();
    client.send(GET).await;
    let answer = client.rest().await;
    assert!(
        answer.ends_with(&format!("{own} {} None", server.address)),
        "{answer}"
    );
    for header in [LINE.as_bytes(), BLOCK] {
        let answer = server.exchange([header, GET.as_bytes()].concat()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_header_may_be_left_out_if_that_is_allowed() {
    let server = start(trusted().with_optional_header(true)).await;
    let answer = server.exchange(GET).await;
    assert!(answer.ends_with(" None"), "{answer}");
    let answer = server.exchange(format!("{LINE}{GET}")).await;
    assert!(answer.contains("192.0.2.1:49152"), "{answer}");
    // What looks like a header at first is read again.
    let answer = server.exchange(GET.replace("GET", "PROPFIND")).await;
    assert!(answer.ends_with(" None"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn whoever_is_refused_is_told_as_a_rejection_by_his_own_address() {
    for (trust, bytes, reason) in [
        (others(), LINE, RejectionReason::UntrustedProxy),
        (trusted(), GET, RejectionReason::InvalidProxyHeader),
        (
            trusted(),
            "PROXY TCP4 nonsense\r\n",
            RejectionReason::InvalidProxyHeader,
        ),
    ] {
        let (server, rejections) = start_strict(trust).await;
        let mut client = server.connect().await;
        let own = client.0.local_addr().unwrap();
        // It may be gone before the bytes are.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut client.0, bytes.as_bytes()).await;
        assert!(client.bytes_or_reset().await.is_empty(), "{bytes}");
        server.stop().await;
        let told: Vec<_> = rejections.iter().collect();
        assert_eq!(told.len(), 1, "{bytes}");
        assert_eq!(told[0].reason(), reason, "{bytes}");
        assert_eq!(told[0].status(), None);
        let peer = told[0].connection().remote().unwrap();
        assert_eq!(peer.socket_addr(), Some(own));
    }
}

#[tokio::test]
async fn a_limit_for_each_address_counts_the_clients_of_a_proxy() {
    let (server, _) = start_strict(trusted()).await;
    let mut open = Vec::new();
    for client in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
        let mut connection = server.connect().await;
        let line = format!("PROXY TCP4 {client} 192.0.2.9 1 2\r\n");
        connection
            .send(format!("{line}GET / HTTP/1.1\r\nhost: a\r\n\r\n"))
            .await;
        connection.until(")").await;
        open.push(connection);
    }
    let mut again = server.connect().await;
    let line = "PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n";
    again.send(format!("{line}{GET}")).await;
    assert!(again.bytes_or_reset().await.is_empty());
    drop(open);
    server.stop().await;
}

#[tokio::test]
async fn a_client_behind_a_proxy_is_counted_before_it_says_a_word() {
    let (server, rejections) = start_strict(trusted()).await;
    let mut silent = server.connect().await;
    silent.send(LINE).await;
    // One of the two is let in; which one is the system's choice, and both say nothing more.
    let mut again = server.connect().await;
    again.send(LINE).await;
    eventually("one is refused", || server.statistics.rejections() == 1).await;
    assert_eq!(server.statistics.requests(), 0);
    let refused = rejections.recv().unwrap();
    assert_eq!(refused.reason(), RejectionReason::MaxConnectionsPerAddress);
    let client = refused.connection().remote().unwrap();
    assert_eq!(client.to_string(), "192.0.2.1:49152");
    server.stop().await;
}

#[tokio::test]
async fn a_direct_client_where_a_header_may_be_left_out_is_counted_too() {
    let (server, rejections) = start_strict(trusted().with_optional_header(true)).await;
    let mut first = server.connect().await;
    first.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    first.until("None").await;
    let mut second = server.connect().await;
    second.send(GET).await;
    assert!(second.bytes_or_reset().await.is_empty());
    let reason = rejections.recv().unwrap().reason();
    assert_eq!(reason, RejectionReason::MaxConnectionsPerAddress);
    drop(first);
    server.stop().await;
}
