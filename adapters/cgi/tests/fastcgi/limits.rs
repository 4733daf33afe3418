//! How many, how long, from where.

use std::time::Duration;

use transom::features::{ServerLimit, ServerLimits};
use transom::{BoundServer, Server};

use crate::peer::{Peer, params, run, server};
use crate::records::*;

#[tokio::test]
async fn a_connection_carries_no_more_requests_than_it_may() {
    let running = run(server().with_max_multiplexed_requests(2)).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/read", &[]).await;
    peer.begin(2, KEEP, "/read", &[]).await;
    assert_eq!(
        peer.ask(3, KEEP, "/hello").await.end,
        Some((0, 2)),
        "overloaded"
    );
    peer.send(record(STDIN, 1, b"")).await;
    assert_eq!(peer.answer(1).await.text(), "0 ");
    assert_eq!(peer.ask(3, KEEP, "/hello").await.text(), "hello");

    let running = run(server().with_max_multiplexed_requests(0)).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/read", &[]).await;
    assert_eq!(
        peer.ask(2, KEEP, "/hello").await.end,
        Some((0, 1)),
        "cannot multiplex"
    );
}

#[tokio::test]
async fn further_connections_wait() {
    let running = run(server().with_max_connections(Some(1))).await;
    let mut first = Peer::connect(&running).await;
    first.ask(1, KEEP, "/hello").await;
    let mut second = Peer::connect(&running).await;
    second.begin(1, KEEP, "/hello", &[]).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(running.statistics.connections(), 1);
    drop(first);
    assert_eq!(second.answer(1).await.text(), "hello");
}

#[tokio::test]
async fn parameters_are_no_more_and_no_longer_than_they_may() {
    let running = run(server().with_max_variables(4).with_max_variables_size(100)).await;
    let mut peer = Peer::connect(&running).await;
    assert_eq!(peer.ask(1, KEEP, "/hello").await.text(), "hello");
    for more in [&[("A", "1"), ("B", "2")][..], &[("A", &"x".repeat(60))]] {
        peer.begin(1, KEEP, "/hello", more).await;
        let status = "431 Request Header Fields Too Large";
        assert_eq!(peer.answer(1).await.status(), status);
    }
    assert_eq!(running.statistics.total_requests(), 1);
}

#[tokio::test]
async fn parameters_come_in_time() {
    let running = run(server().with_head_timeout(Duration::from_millis(50))).await;
    // Nothing at all.
    Peer::connect(&running).await.is_closed().await;
    // Half a record.
    let mut peer = Peer::connect(&running).await;
    peer.ask(1, KEEP, "/hello").await;
    peer.send(&begin(1, 1, KEEP)[..5]).await;
    peer.is_closed().await;
    // Some of them, beside a request that goes on.
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/read", &[]).await;
    peer.send(begin(2, 1, KEEP)).await;
    peer.send(record(PARAMS, 2, &params("/", &[]))).await;
    assert_eq!(peer.answer(2).await.status(), "408 Request Timeout");
    peer.send(record(STDIN, 1, b"")).await;
    assert_eq!(peer.answer(1).await.text(), "0 ");
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_given_up() {
    let running = run(server().with_stall_timeout(Some(Duration::from_millis(50)))).await;
    let mut peer = Peer::connect(&running).await;
    // More than the system keeps.
    for id in 1..=16 {
        peer.begin(id, KEEP, "/large", &[]).await;
    }
    crate::peer::eventually(|| running.statistics.total_requests() > 0).await;
    crate::peer::eventually(|| running.statistics.requests() == 0).await;
}

#[tokio::test]
async fn only_this_machine_may_connect_unless_somebody_says_otherwise() {
    let running = run(server().with_allowed_peers(["192.0.2.0/24"])).await;
    Peer::connect(&running).await.is_closed().await;
    assert_eq!(running.statistics.rejections(), 1);
    let running = run(server().with_allowed_peers(["127.0.0.1"])).await;
    let mut peer = Peer::connect(&running).await;
    assert_eq!(peer.ask(1, 0, "/hello").await.text(), "hello");

    let error = server()
        .with_allowed_peers(["host"])
        .bind()
        .await
        .unwrap_err();
    assert!(error.is_configuration());
    assert!(
        error.report().contains("`host` is not a network"),
        "{}",
        error.report()
    );
}

#[tokio::test]
async fn there_is_no_tls() {
    let secure = server().with_address("https://127.0.0.1:0");
    let error = secure.bind().await.unwrap_err();
    assert!(error.is_configuration());
    assert!(
        error.report().contains("write it with `http://`"),
        "{}",
        error.report()
    );
}

#[tokio::test]
async fn the_limits_are_listed_as_they_were_set() {
    let server = server()
        .with_max_connections(Some(3))
        .with_max_request_body_size(None)
        .with_head_timeout(Duration::from_secs(7));
    let bound = server.bind().await.unwrap();
    let limits = bound.features().require::<ServerLimits>().unwrap().all();
    for limit in [
        ServerLimit::count("max_connections", 3),
        ServerLimit::bytes("max_request_body_size", None),
        ServerLimit::time("head_timeout", Duration::from_secs(7)),
    ] {
        assert!(limits.contains(&limit), "no {limit:?} in {limits:?}");
    }
}
