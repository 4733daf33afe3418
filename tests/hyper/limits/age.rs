//! How long a connection may last.

use transom::hyper::Limits;
use transom::{Body, Request, Response};

use super::server::{SHORT, long, start, takes};
use crate::support::says;

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

fn limits() -> Limits {
    long().with_max_connection_age(Some(SHORT))
}

/// An age is given or taken a tenth.
const AGE: std::time::Duration = SHORT.saturating_sub(std::time::Duration::from_millis(20));

#[tokio::test]
async fn an_idle_connection_that_is_old_is_closed() {
    let server = start(limits(), says("hello")).await;
    let mut client = server.connect().await;
    let life = async {
        client.send(GET).await;
        client.until("hello").await;
        client.rest().await
    };
    assert_eq!(takes(AGE, life).await, "");
    server.stop().await;
}

#[tokio::test]
async fn what_is_in_flight_is_answered_and_announces_the_end() {
    let server = start(limits(), |_: Request| async {
        tokio::time::sleep(2 * SHORT).await;
        Response::new(Body::from("late"))
    })
    .await;
    let answer = takes(2 * SHORT, server.exchange(GET)).await;
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nlate"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn what_outlasts_the_grace_is_cut() {
    let limits = limits().with_max_connection_age_grace(Some(SHORT));
    let server = start(limits, |_: Request| std::future::pending::<Response>()).await;
    let mut client = server.connect().await;
    client.send(GET).await;
    let mut rest = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut client.0, &mut rest);
    let error = takes(AGE + SHORT, read).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(rest.is_empty());
    server.stop().await;
}
