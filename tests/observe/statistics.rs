use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::stream;
use tokio::time::timeout;
use transom::features::ServerStatistics;
use transom::testing::{TestClient, TestServer};
use transom::{Body, BoundServer, Error, Request, Response, Server, Shutdown};

#[tokio::test]
async fn totals_stay_when_what_they_counted_is_over() {
    let bound = TestServer::new().bind().await.unwrap();
    let statistics = bound
        .features()
        .require::<ServerStatistics>()
        .unwrap()
        .clone();
    let client = bound.features().require::<TestClient>().unwrap().clone();
    let (_trigger, shutdown) = Shutdown::pair();
    let app = |request: Request| async move {
        Response::new(match request.uri().path() {
            "/slow" => Body::from_stream(stream::pending::<Result<&str, Error>>()),
            _ => Body::from("hello"),
        })
    };
    tokio::spawn(bound.serve(app, shutdown));

    assert_eq!((statistics.requests(), statistics.total_requests()), (0, 0));
    let first = client.get("/slow").await.unwrap();
    drop(client.get("/").await.unwrap());
    assert_eq!((statistics.requests(), statistics.total_requests()), (1, 2));
    drop(first);
    statistics.idle().await;
    assert_eq!((statistics.requests(), statistics.total_requests()), (0, 2));
}

#[tokio::test]
async fn a_server_is_drained_when_its_last_connection_is_closed_and_nothing_is_in_flight() {
    let statistics = ServerStatistics::new();
    let connection = statistics.count_connection();
    let request = statistics.count_request();
    let upgraded = statistics.count_upgraded();
    let mut drained = pin!(statistics.drained());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(drained.as_mut().poll(&mut cx).is_pending());
    drop(request);
    drop(upgraded);
    statistics.idle().await;
    assert!(drained.as_mut().poll(&mut cx).is_pending());
    drop(connection);
    timeout(Duration::from_secs(5), drained).await.unwrap();
}

#[test]
fn a_rejection_is_counted_and_keeps_nobody_waiting() {
    let statistics = ServerStatistics::new();
    statistics.count_rejection("invalid_request");
    assert_eq!(statistics.rejections(), 1);
    assert!(statistics.is_idle());
}

#[test]
fn rejections_are_told_by_cause_in_the_order_in_which_they_came() {
    let statistics = ServerStatistics::new();
    assert_eq!(statistics.rejections_by_cause(), []);
    for cause in ["b", "a", "b"] {
        statistics.clone().count_rejection(cause);
    }
    assert_eq!(statistics.rejections_by_cause(), [("b", 2), ("a", 1)]);
    assert_eq!(statistics.rejections(), 3);
}
