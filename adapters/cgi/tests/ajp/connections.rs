//! What becomes of a connection.

use std::time::Duration;

use crate::packets::*;
use crate::peer::{Peer, get, post, run, server, within};

#[tokio::test]
async fn a_connection_carries_one_request_after_the_other() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    for _ in 0..3 {
        let answer = peer.ask(get("/hello")).await;
        assert_eq!((answer.status, answer.text()), (200, "hello"));
        assert_eq!(answer.end, Some(true));
    }
    assert_eq!(running.statistics.total_requests(), 3);
}

#[tokio::test]
async fn who_asks_whether_somebody_is_there_is_answered() {
    let running = run(server().with_secret("open sesame")).await;
    let mut peer = Peer::connect(&running).await;
    for _ in 0..3 {
        peer.send(packet(&[CPING])).await;
        assert_eq!(peer.next().await, Some(Said::Pong));
    }
    let known = get("/hello").attribute(SECRET, &["open sesame"]);
    assert_eq!(peer.ask(known).await.text(), "hello");
}

#[tokio::test]
async fn who_wants_the_program_to_end_is_not_heard() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.send(packet(&[SHUTDOWN])).await;
    assert_eq!(peer.ask(get("/hello")).await.text(), "hello");
    assert!(!running.serving.is_finished());
}

#[tokio::test]
async fn a_body_that_nothing_is_said_of_may_still_come_and_so_the_connection_ends() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    let answer = peer.ask(post("/hello")).await;
    assert_eq!((answer.text(), answer.end), ("hello", Some(false)));
    peer.send(data(&[0; 700])).await;
    peer.is_closed().await;
    assert_eq!(running.statistics.total_requests(), 1);
}

#[tokio::test]
async fn what_comes_along_with_a_request_and_is_not_of_it_is_no_request() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.send([get("/hello").packet(), get("/hello").packet()].concat())
        .await;
    let answer = peer.answer(&[]).await;
    assert_eq!((answer.text(), answer.end), ("hello", Some(false)));
    peer.is_closed().await;
    assert_eq!(running.statistics.total_requests(), 1);
}

#[tokio::test]
async fn a_response_that_breaks_off_has_no_end() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    let answer = peer.ask(get("/breaks")).await;
    assert_eq!((answer.text(), answer.end), ("some", None));
    peer.is_closed().await;
}

#[tokio::test]
async fn a_head_that_fits_into_no_packet_is_answered_for() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    let answer = peer.ask(get("/wide")).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.text(), "the head of the response is too large\n");
    assert_eq!(answer.end, Some(true));
    let larger = run(server().with_max_packet_size(16_384)).await;
    let mut peer = Peer::connect(&larger).await;
    assert_eq!(peer.ask(get("/wide")).await.text(), "wide");
}

#[tokio::test]
async fn a_server_that_stops_answers_what_was_begun_and_says_that_it_is_the_last() {
    let running = run(server()).await;
    let mut idle = Peer::connect(&running).await;
    assert_eq!(idle.ask(get("/hello")).await.end, Some(true));
    let mut busy = Peer::connect(&running).await;
    busy.send(get("/slow").packet()).await;
    within(async {
        while running.statistics.requests() == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    running.trigger.request();
    idle.is_closed().await;
    let answer = busy.answer(&[]).await;
    assert_eq!((answer.text(), answer.end), ("slow", Some(false)));
    busy.is_closed().await;
}

#[tokio::test]
async fn a_connection_without_a_request_is_kept_for_a_while() {
    let hasty = server()
        .with_head_timeout(Duration::from_millis(50))
        .with_idle_timeout(Some(Duration::from_millis(50)));
    let running = run(hasty).await;
    // Nothing at all; nothing more; half a packet.
    Peer::connect(&running).await.is_closed().await;
    let mut peer = Peer::connect(&running).await;
    peer.ask(get("/hello")).await;
    peer.is_closed().await;
    let mut peer = Peer::connect(&running).await;
    peer.ask(get("/hello")).await;
    peer.send(&get("/hello").packet()[..9]).await;
    let answer = peer.answer(&[]).await;
    assert_eq!((answer.status, answer.end), (408, Some(false)));
}
