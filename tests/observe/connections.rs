//! Connections of the default server.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use transom::hyper::Limits;

use crate::recorded::recorded;
use crate::server::{eventually, rest, start, until};
use crate::spans::Log;

const ACTIVE: &str = "transom.active_connections";
const DURATION: &str = "transom.connection.duration";
const UPGRADED: &str = "transom.upgraded_connections";

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const LAST: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
const SWITCH: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n";

#[tokio::test]
async fn a_connection_is_active_until_it_is_closed() {
    recorded!(measured);
    let server = start(|server| server).await;
    let mut client = server.connect().await;
    client.write_all(GET.as_bytes()).await.unwrap();
    until(&mut client, "hello").await;
    let labels = format!(
        "{{network.transport=tcp,network.type=ipv4,server.address=127.0.0.1,server.port={}}}",
        server.address.port()
    );
    assert_eq!(
        measured.series(ACTIVE),
        [(format!("{ACTIVE}{labels}"), 1.0)]
    );
    assert_eq!(measured.series(DURATION), []);
    drop(client);
    eventually("it is not active", || measured.value(ACTIVE) == 0.0).await;
    assert_eq!(
        measured.series(DURATION),
        [(format!("{DURATION}{labels}"), 1.0)]
    );
    assert_eq!(measured.unit(DURATION).as_deref(), Some("seconds"));
    server.stop().await;
}

#[tokio::test]
async fn an_upgraded_connection_is_active_and_upgraded_until_it_is_closed() {
    recorded!(measured);
    let server = start(|server| server).await;
    let mut client = server.connect().await;
    client.write_all(SWITCH.as_bytes()).await.unwrap();
    until(&mut client, "\r\n\r\n").await;
    assert_eq!(
        (measured.value(ACTIVE), measured.value(UPGRADED)),
        (1.0, 1.0)
    );
    assert_eq!(measured.series(DURATION), []);
    drop(client);
    eventually("it is not upgraded", || measured.value(UPGRADED) == 0.0).await;
    assert_eq!(
        (measured.value(ACTIVE), measured.value(DURATION)),
        (0.0, 1.0)
    );
    server.stop().await;
}

#[tokio::test]
async fn connections_that_are_dropped_with_the_server_are_not_active() {
    recorded!(measured);
    let server = start(|server| server).await;
    let mut idle = server.connect().await;
    idle.write_all(GET.as_bytes()).await.unwrap();
    until(&mut idle, "hello").await;
    let mut upgraded = server.connect().await;
    upgraded.write_all(SWITCH.as_bytes()).await.unwrap();
    until(&mut upgraded, "\r\n\r\n").await;
    assert_eq!(measured.value(ACTIVE), 2.0);
    server.abort().await;
    eventually("none is active", || measured.value(ACTIVE) == 0.0).await;
    assert_eq!(
        (measured.value(UPGRADED), measured.value(DURATION)),
        (0.0, 2.0)
    );
}

#[tokio::test]
async fn why_the_server_closed_a_connection_is_the_type_of_the_error() {
    recorded!(measured);
    let short = Limits::default().with_request_head_timeout(Some(Duration::from_millis(20)));
    let server = start(|server| server.with_limits(short)).await;
    rest(server.connect().await).await;
    eventually("it is not active", || measured.value(ACTIVE) == 0.0).await;
    let error = format!("{DURATION}{{error.type=request_headers_timeout,");
    assert_eq!(measured.value(&error), 1.0);
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_is_not_let_in_is_refused_and_never_active() {
    recorded!(measured);
    let one = Limits::default().with_max_connections(Some(1));
    let server = start(|server| server.with_limits(one)).await;
    let mut first = server.connect().await;
    first.write_all(GET.as_bytes()).await.unwrap();
    until(&mut first, "hello").await;
    assert_eq!(rest(server.connect().await).await, "");
    assert_eq!(
        measured.value("transom.rejected_connections{network.transport=tcp,"),
        1.0
    );
    assert_eq!(measured.value(ACTIVE), 1.0);
    let rejected = "transom.rejections{error.type=max_connections_exceeded}";
    assert_eq!(
        measured.series("transom.rejections"),
        [(rejected.to_owned(), 1.0)]
    );
    drop(first);
    server.stop().await;
}

#[tokio::test]
async fn opening_and_closing_are_logged_and_requests_are_within_the_connection() {
    let log = Log::begin();
    let server = start(|server| server).await;
    server.exchange(LAST).await;
    let closed = log.until("connection closed").await;
    let opened = log.lines("connection opened");
    assert_eq!(
        (opened.len(), closed.len()),
        (1, 1),
        "{opened:?} {closed:?}"
    );
    let called = log.lines("the application is called");
    let spans = called[0].split("request{id=").next().unwrap();
    assert!(spans.contains("connection{id="), "{called:?}");
    assert!(spans.contains("peer=127.0.0.1:"), "{called:?}");
    assert!(spans.contains("transport=\"tcp\""), "{called:?}");
    server.stop().await;
}
