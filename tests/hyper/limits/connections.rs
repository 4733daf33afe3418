//! How many connections there may be.

use super::server::{long, start};
use crate::support::{Running, eventually, says};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// Sends a request on a new connection; the answer is empty if the connection is closed at once.
async fn answer(server: &Running) -> String {
    let mut client = server.connect().await;
    // It may be closed, or reset, before this is sent.
    let _ = tokio::io::AsyncWriteExt::write_all(
        &mut client.0,
        b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    )
    .await;
    let mut answer = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut client.0, &mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once_and_there_is_room_again_later() {
    for limits in [
        long().with_max_connections(Some(2)),
        long().with_max_connections_per_address(Some(2)),
    ] {
        let server = start(limits, says("hello")).await;
        let mut first = server.connect().await;
        first.send(GET).await;
        first.until("hello").await;
        // One that has said nothing counts too.
        let second = server.connect().await;
        assert_eq!(answer(&server).await, "");
        assert_eq!(answer(&server).await, "");
        // The others do not notice.
        first.send(GET).await;
        first.until("hello").await;
        drop(second);
        let statistics = server.statistics.clone();
        eventually("the second is gone", || statistics.connections() == 1).await;
        assert!(answer(&server).await.ends_with("hello"));
        server.stop().await;
    }
}
