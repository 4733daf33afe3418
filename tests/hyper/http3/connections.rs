//! How many connections there may be, how long they last, and how many requests they carry.

use std::time::Duration;

use transom::{Body, Request, Response};

use super::client::{Client, GET, NO_ERROR, REQUEST_REJECTED, reply};
use super::server::{SHORT, start};
use crate::limits::{long, takes};
use crate::support::{eventually, says};

#[tokio::test]
async fn one_connection_too_many_is_refused_until_another_is_closed() {
    let server = start(long().with_max_connections(Some(1)), says("hello")).await;
    let first = server.connect().await;
    let answer = first.ask(GET).await;
    assert_eq!(reply(answer).await.unwrap().body, b"hello");
    assert!(Client::connect(&server, 1000).await.is_err());
    assert_eq!(server.rejections(), [("max_connections_exceeded", None)]);
    drop(first);
    let statistics = server.running.statistics.clone();
    eventually("it is closed", || statistics.connections() == 0).await;
    let next = server.connect().await;
    let answer = next.ask(GET).await;
    assert_eq!(reply(answer).await.unwrap().body, b"hello");
    drop(next);
    server.stop().await;
}

#[tokio::test]
async fn an_address_has_no_more_than_its_connections() {
    let limits = long().with_max_connections_per_address(Some(1));
    let server = start(limits, says("hello")).await;
    let first = server.connect().await;
    assert!(Client::connect(&server, 1000).await.is_err());
    assert_eq!(
        server.rejections(),
        [("max_connections_per_address_exceeded", None)]
    );
    drop(first);
    server.stop().await;
}

#[tokio::test]
async fn a_connection_takes_so_many_requests_and_rejects_the_next() {
    let limits = long().with_max_requests_per_connection(Some(2));
    let server = start(limits, |_: Request| async {
        tokio::time::sleep(SHORT).await;
        Response::new(Body::from("hello"))
    })
    .await;
    let client = server.connect().await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(client.ask(GET).await);
    }
    // RFC 9114, section 5.2: it may be sent again on another connection.
    assert_eq!(
        reply(answers.pop().unwrap()).await.unwrap_err(),
        REQUEST_REJECTED
    );
    for answer in answers {
        assert_eq!(reply(answer).await.unwrap().body, b"hello");
    }
    assert_eq!(client.closed().await, NO_ERROR);
    server.stop().await;
}

/// An age is given or taken a tenth.
const AGE: Duration = SHORT.saturating_sub(Duration::from_millis(20));

#[tokio::test]
async fn an_idle_connection_that_is_old_is_closed() {
    let server = start(long().with_max_connection_age(Some(SHORT)), says("hello")).await;
    let life = async {
        let client = server.connect().await;
        let answer = client.ask(GET).await;
        assert_eq!(reply(answer).await.unwrap().body, b"hello");
        client.closed().await
    };
    assert_eq!(takes(AGE, life).await, NO_ERROR);
    assert_eq!(server.rejections(), []);
    server.stop().await;
}

#[tokio::test]
async fn what_is_in_flight_at_that_age_is_answered_within_the_grace() {
    let limits = long()
        .with_max_connection_age(Some(SHORT))
        .with_max_connection_age_grace(Some(10 * SHORT));
    let server = start(limits, |_: Request| async {
        tokio::time::sleep(2 * SHORT).await;
        Response::new(Body::from("late"))
    })
    .await;
    let client = server.connect().await;
    let answer = client.ask(GET).await;
    assert_eq!(takes(2 * SHORT, reply(answer)).await.unwrap().body, b"late");
    assert_eq!(client.closed().await, NO_ERROR);
    server.stop().await;
}

#[tokio::test]
async fn what_outlasts_the_grace_is_cut() {
    let limits = long()
        .with_max_connection_age(Some(SHORT))
        .with_max_connection_age_grace(Some(SHORT));
    let server = start(limits, |_: Request| std::future::pending::<Response>()).await;
    let client = server.connect().await;
    let _answer = client.ask(GET).await;
    assert_eq!(takes(AGE + SHORT, client.closed()).await, NO_ERROR);
    assert_eq!(server.rejections(), [("max_connection_age_exceeded", None)]);
    server.stop().await;
}
