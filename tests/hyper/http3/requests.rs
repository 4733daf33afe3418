//! What is refused, and that it is told.

use super::client::{FRAME_UNEXPECTED, GET, MESSAGE_ERROR, data, headers, reply};
use super::server::start;
use crate::limits::long;
use crate::support::{eventually, says};

#[tokio::test]
async fn a_malformed_request_ends_its_stream_and_no_other() {
    let server = start(long(), says("hello")).await;
    let client = server.connect().await;
    // `:method` twice.
    let malformed = client.ask(b"\x00\x00\xd1\xd1\xd7\x50\x01a\xc1").await;
    assert_eq!(reply(malformed).await.unwrap_err(), MESSAGE_ERROR);
    let answer = client.ask(GET).await;
    assert_eq!(reply(answer).await.unwrap().body, b"hello");
    assert_eq!(server.rejections(), [("invalid_request", None)]);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn too_many_fields_are_answered_431() {
    let server = start(long().with_max_request_fields(1), says("hello")).await;
    let client = server.connect().await;
    // `accept: */*` and `accept-encoding: gzip, deflate, br`.
    let many = client.ask(&[GET, b"\xdd\xdf"].concat()).await;
    assert_eq!(reply(many).await.unwrap().status, 431);
    assert_eq!(server.rejections(), [("invalid_request", Some(431))]);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn who_breaks_the_protocol_is_cut() {
    let server = start(long(), says("hello")).await;
    let client = server.connect().await;
    client.begin(&[data(b"first"), headers(GET)].concat()).await;
    assert_eq!(client.closed().await, FRAME_UNEXPECTED);
    let statistics = server.running.statistics.clone();
    eventually("it is told", || statistics.connections() == 0).await;
    assert_eq!(server.rejections(), [("protocol_error", None)]);
    server.stop().await;
}

#[tokio::test]
async fn who_only_takes_requests_back_is_cut() {
    let server = start(long(), says("hello")).await;
    let client = server.connect().await;
    while let Ok((mut send, _)) = client.connection.open_bi().await {
        let _ = send.write_all(&headers(GET)[..3]).await;
        let _ = send.reset(0x10c_u32.into());
    }
    let statistics = server.running.statistics.clone();
    eventually("it is told", || statistics.connections() == 0).await;
    assert_eq!(server.rejections(), [("enhance_your_calm", None)]);
    server.stop().await;
}
