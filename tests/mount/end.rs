use std::future::pending;

use futures_util::stream;
use http::StatusCode;
use tokio::time::timeout;
use transom::adapter::Arrival;
use transom::features::{RequestLifetime, ServerLifetime};
use transom::{Body, Request, RequestExt, Response};

use crate::support::{PATIENCE, frame, get, mounted, telling, text};

#[tokio::test]
async fn a_stop_waits_for_what_is_in_flight_and_then_closes() {
    let mount = mounted(async |_: Request| Response::new(Body::from("held")));
    let response = mount.call(get("/"), Arrival::default()).await;
    let stopping = tokio::spawn({
        let mount = mount.clone();
        async move { mount.stop().await }
    });
    let lifetime = mount.features().get::<ServerLifetime>().unwrap().clone();
    timeout(PATIENCE, lifetime.stopping()).await.unwrap();
    assert!(!stopping.is_finished());

    // What the framework lets in until then is answered.
    let late = mount.call(get("/"), Arrival::default()).await;
    assert_eq!(text(late).await, "held");

    assert_eq!(text(response).await, "held");
    timeout(PATIENCE, stopping).await.unwrap().unwrap();
    let refused = mount.call(get("/"), Arrival::default()).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(mount.statistics().total_requests(), 2);
}

#[tokio::test]
async fn an_abort_ends_requests_and_bodies_at_once() {
    let mount = mounted(async |request: Request| {
        if request.uri().path() == "/waits" {
            pending::<()>().await;
        }
        Response::new(Body::from_stream(stream::pending::<Result<&[u8], String>>()))
    });
    let waiting = mount.call(get("/waits"), Arrival::default());
    let mut streaming = mount.call(get("/streams"), Arrival::default()).await;
    assert_eq!(mount.statistics().requests(), 2);
    let waiting = tokio::spawn(waiting);
    let body = tokio::spawn(async move { frame(streaming.body_mut()).await });
    tokio::task::yield_now().await;

    mount.abort();
    let mut aborted = timeout(PATIENCE, waiting).await.unwrap().unwrap();
    assert!(aborted.body().is_hung_up());
    assert!(matches!(frame(aborted.body_mut()).await, Some(Err(_))));
    let body = timeout(PATIENCE, body).await.unwrap().unwrap();
    assert!(matches!(body, Some(Err(_))), "{body:?}");
    drop(aborted);
    timeout(PATIENCE, mount.stop()).await.unwrap();
}

#[tokio::test]
async fn a_request_that_is_dropped_has_lost_its_client() {
    let (sender, mut lifetimes) = tokio::sync::mpsc::unbounded_channel();
    let mount = mounted(move |request: Request| {
        let lifetime = request.feature::<RequestLifetime>().cloned();
        sender.send(lifetime.unwrap()).unwrap();
        pending()
    });
    let call = mount.call(get("/"), Arrival::default());
    assert!(timeout(PATIENCE / 100, call).await.is_err());
    let lifetime = lifetimes.recv().await.unwrap();
    assert!(lifetime.is_disconnected());
    assert!(mount.statistics().is_idle());
}

#[tokio::test]
async fn an_application_that_hangs_up_has_a_response_that_cannot_be_sent() {
    let mount = mounted(async |request: Request| {
        request.feature::<RequestLifetime>().unwrap().abort();
        Response::default()
    });
    let mut response = mount.call(get("/"), Arrival::default()).await;
    assert!(response.body().is_hung_up());
    assert!(matches!(frame(response.body_mut()).await, Some(Err(_))));
}

#[tokio::test]
async fn a_head_that_http_does_not_allow_is_refused_here() {
    let mount = mounted(telling(|_| "called".to_owned()));
    let mut request = get("/");
    request.headers_mut().clear();
    let response = mount.call(request, Arrival::default()).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(mount.statistics().total_requests(), 0);
}

#[tokio::test]
async fn the_body_of_a_request_has_its_limit() {
    let mount = mounted(async |request: Request| {
        let read = request.into_body().collect(1024).await;
        let too_long = read.is_err_and(|error| error.is_length_limit());
        Response::new(Body::from(too_long.to_string()))
    })
    .with_max_request_body_size(Some(3));
    let request = |body: &'static str| get("/").map(|_| Body::from(body));
    let answer = mount.call(request("1234"), Arrival::default()).await;
    assert_eq!(text(answer).await, "true");
    let answer = mount.call(request("123"), Arrival::default()).await;
    assert_eq!(text(answer).await, "false");
}
