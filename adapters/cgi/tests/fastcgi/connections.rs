//! Connections: how many requests they carry, and how they end.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::peer::{Peer, eventually, run, server, within};
use crate::records::*;

#[tokio::test]
async fn the_flag_says_whether_a_connection_is_kept() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    for id in [1, 1, 2] {
        let answer = peer.ask(id, KEEP, "/hello").await;
        assert_eq!((answer.text(), answer.end), ("hello", Some((0, 0))));
        assert!(answer.is_whole && answer.stderr.is_empty());
    }
    assert_eq!(peer.ask(1, 0, "/hello").await.text(), "hello");
    peer.is_closed().await;
    assert_eq!(running.statistics.total_connections(), 1);
    assert_eq!(running.statistics.total_requests(), 4);
}

#[tokio::test]
async fn requests_share_a_connection_and_end_in_any_order() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/read", &[]).await;
    peer.begin(2, KEEP, "/read", &[]).await;
    peer.send(record(STDIN, 1, b"of the first")).await;
    assert_eq!(peer.ask(3, KEEP, "/hello").await.text(), "hello");
    peer.send(record(STDIN, 2, b"")).await;
    assert_eq!(peer.answer(2).await.text(), "0 ");
    peer.send(record(STDIN, 1, b"")).await;
    assert_eq!(peer.answer(1).await.text(), "12 ");
}

#[tokio::test]
async fn one_that_shall_not_be_kept_is_closed_when_all_are_answered() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/read", &[]).await;
    assert_eq!(peer.ask(2, 0, "/hello").await.text(), "hello");
    let refused = peer.ask(3, KEEP, "/hello").await;
    assert_eq!(refused.end, Some((0, 2)), "overloaded");
    peer.send(record(STDIN, 1, b"")).await;
    assert_eq!(peer.answer(1).await.text(), "0 ");
    peer.is_closed().await;
}

#[tokio::test]
async fn an_abort_ends_one_request_and_tells_its_application() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/hold", &[]).await;
    peer.begin(2, KEEP, "/deaf", &[]).await;
    eventually(|| running.statistics.requests() == 2).await;
    peer.send(record(ABORT_REQUEST, 2, b"")).await;
    assert_eq!(peer.answer(2).await.end, Some((1, 0)));
    eventually(|| running.statistics.requests() == 1).await;
    peer.send(record(ABORT_REQUEST, 1, b"")).await;
    let answer = peer.answer(1).await;
    assert!(answer.stdout.is_empty() && !answer.is_whole);
    // Its number is free again.
    assert_eq!(peer.ask(1, KEEP, "/hello").await.text(), "hello");
}

#[tokio::test]
async fn an_abort_before_the_parameters_are_whole_is_answered() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.send(begin(1, 1, KEEP)).await;
    peer.send(record(ABORT_REQUEST, 1, b"")).await;
    assert_eq!(peer.answer(1).await.end, Some((1, 0)));
    assert_eq!(running.statistics.total_requests(), 0);
}

#[tokio::test]
async fn a_peer_that_closes_its_side_is_gone() {
    let running = run(server()).await;
    for path in ["/hold", "/deaf"] {
        let mut peer = Peer::connect(&running).await;
        peer.begin(1, 0, path, &[]).await;
        eventually(|| running.statistics.requests() == 1).await;
        peer.0.shutdown().await.unwrap();
        eventually(|| running.statistics.requests() == 0).await;
        assert_eq!(peer.answer(1).await.end, None);
    }
}

#[tokio::test]
async fn a_peer_that_may_close_its_side_is_answered() {
    let running = run(server().with_half_close(true)).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/hold", &[]).await;
    peer.begin(2, KEEP, "/read", &[]).await;
    eventually(|| running.statistics.requests() == 2).await;
    peer.0.shutdown().await.unwrap();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    while let Some(record) = peer.next().await {
        match record {
            Record {
                kind: STDOUT,
                id: 1,
                content,
            } => first.extend(content),
            Record {
                kind: STDOUT,
                id: 2,
                content,
            } => second.extend(content),
            _ => {}
        }
    }
    assert!(first.ends_with(b"\r\n\r\ngone"));
    let second = String::from_utf8(second).unwrap();
    assert!(
        second.ends_with("0 the peer went away before the body was complete"),
        "{second}"
    );
}

#[tokio::test]
async fn a_response_that_breaks_off_ends_the_connection() {
    let running = run(server()).await;
    for flags in [0, KEEP] {
        let mut peer = Peer::connect(&running).await;
        let answer = peer.ask(1, flags, "/breaks").await;
        assert_eq!(
            (answer.text(), answer.end, answer.is_whole),
            ("some", None, false)
        );
        assert_eq!(answer.stderr, "the body of the response broke off");
        let answer = Peer::connect(&running).await.ask(1, flags, "/aborts").await;
        assert_eq!((answer.stdout.len(), answer.end), (0, None));
        assert_eq!(answer.stderr, "the application aborted the request");
    }
}

#[tokio::test]
async fn a_response_that_breaks_off_beside_others_ends_the_request_alone() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/read", &[]).await;
    let answer = peer.ask(2, KEEP, "/breaks").await;
    assert_eq!((answer.end, answer.is_whole), (Some((1, 0)), false));
    assert_eq!(peer.ask(3, KEEP, "/aborts").await.end, Some((1, 0)));
    peer.send(record(STDIN, 1, b"")).await;
    assert_eq!(peer.answer(1).await.text(), "0 ");
}

#[tokio::test]
async fn a_stop_closes_what_is_idle_and_answers_what_was_begun() {
    let mut running = run(server()).await;
    let mut idle = Peer::connect(&running).await;
    idle.ask(1, KEEP, "/hello").await;
    let mut busy = Peer::connect(&running).await;
    busy.begin(1, KEEP, "/read", &[]).await;
    eventually(|| running.statistics.requests() == 1).await;
    running.trigger.request();
    idle.is_closed().await;
    assert_eq!(
        busy.ask(2, KEEP, "/hello").await.end,
        Some((0, 2)),
        "overloaded"
    );
    busy.send(record(STDIN, 1, b"")).await;
    assert_eq!(busy.answer(1).await.text(), "0 ");
    busy.is_closed().await;
    within(&mut running.serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_a_while() {
    let server = server().with_idle_timeout(Some(Duration::from_millis(50)));
    let running = run(server).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/read", &[]).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    // A request is no idleness.
    peer.send(record(STDIN, 1, b"")).await;
    assert_eq!(peer.answer(1).await.text(), "0 ");
    peer.is_closed().await;
}
