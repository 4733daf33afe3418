//! From `bind` to the end: where invocations come from, when no more are asked for, and what goes wrong with it.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use support::{Function, RuntimeApi, response_of, within};
use tokio::sync::Notify;
use transom::features::{RequestLifetime, ServerAddresses, ServerLifetime, Upgrade};
use transom::{Body, BoundServer, Request, RequestExt, Response, Server, Shutdown};
use transom_lambda::LambdaServer;

const EVENT: &str = include_str!("events/function_url.json");

async fn hello(_: Request) -> Response {
    Response::new(Body::from("hello"))
}

/// Says that it was called, and answers when it is told to.
#[derive(Clone, Default)]
struct Held {
    called: Arc<Notify>,
    go: Arc<Notify>,
}

impl Held {
    async fn answer(self) -> Response {
        self.called.notify_one();
        self.go.notified().await;
        Response::new(Body::from("held"))
    }
}

#[tokio::test]
async fn a_stop_waits_for_the_invocation_that_was_begun_and_asks_for_no_other() {
    let held = Held::default();
    let app = held.clone();
    let mut function = Function::start(move |_: Request| app.clone().answer()).await;
    let asked = function.api.begin(EVENT.into(), Vec::new()).unwrap();
    within(held.called.notified()).await;
    let late = function.api.begin(EVENT.into(), Vec::new()).unwrap();
    function.trigger.request();
    held.go.notify_one();
    let response = response_of(within(asked).await.unwrap()).await.unwrap();
    assert_eq!(response.into_body().collect(10).await.unwrap(), "held");
    function.ended().await.unwrap();
    assert!(within(late).await.is_err(), "it was taken after the stop");
    within(function.api.has_connections(0)).await;
}

#[tokio::test]
async fn a_stop_of_a_function_that_has_been_idle_ends_it_at_once() {
    let function = Function::start(hello).await;
    assert_eq!(function.response(EVENT).await.status(), 200);
    let api = function.api.clone();
    within(api.has_connections(1)).await;
    function.stop().await;
    within(api.has_connections(0)).await;
}

#[tokio::test]
async fn a_stop_that_was_asked_for_before_asks_for_no_invocation() {
    let api = RuntimeApi::start();
    let server = LambdaServer::new().with_runtime_api(api.address());
    let (trigger, shutdown) = Shutdown::pair();
    trigger.request();
    let bound = server.bind().await.unwrap();
    within(bound.serve(hello, shutdown)).await.unwrap();
    assert_eq!(api.connections(), 0);
}

#[tokio::test]
async fn dropping_serve_drops_the_application_and_the_connection() {
    struct Told(Arc<Notify>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (called, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let notes = (Arc::clone(&called), Arc::clone(&dropped));
    let app = move |_: Request| {
        let (called, told) = (Arc::clone(&notes.0), Told(Arc::clone(&notes.1)));
        async move {
            let _told = told;
            called.notify_one();
            std::future::pending().await
        }
    };
    let function = Function::start(app).await;
    let asked = function.api.begin(EVENT.into(), Vec::new()).unwrap();
    within(called.notified()).await;
    let api = function.abort().await;
    within(dropped.notified()).await;
    assert!(within(asked).await.is_err(), "it was answered");
    within(api.has_connections(0)).await;
}

#[tokio::test]
async fn the_application_hears_of_the_deadline_before_it_comes() {
    let app = |request: Request| async move {
        let lifetime = request.features().get_shared::<RequestLifetime>().unwrap();
        assert!(!lifetime.is_disconnected());
        lifetime.disconnected().await;
        Response::new(Body::from("in time"))
    };
    let soon = SystemTime::now() + Duration::from_secs(60);
    let soon = soon.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let margin = Duration::from_millis(59_900);
    let function = Function::start_as(|server| server.with_deadline_margin(margin), app).await;
    let more = vec![("lambda-runtime-deadline-ms", soon.to_string())];
    let answer = within(function.api.invoke_with(EVENT, more)).await.unwrap();
    let response = response_of(answer).await.unwrap();
    assert_eq!(response.into_body().collect(10).await.unwrap(), "in time");
    function.stop().await;
}

#[tokio::test]
async fn as_many_invocations_as_are_asked_for_run_at_a_time() {
    let held = Held::default();
    let app = held.clone();
    let start = Function::start_as(
        |server| server.with_concurrency(3),
        move |_: Request| app.clone().answer(),
    );
    let mut function = start.await;
    let mut asked = Vec::new();
    for _ in 0..3 {
        asked.push(function.api.begin(EVENT.into(), Vec::new()).unwrap());
        within(held.called.notified()).await;
    }
    function.trigger.request();
    for asked in asked {
        held.go.notify_one();
        within(asked).await.unwrap();
    }
    function.ended().await.unwrap();
}

#[tokio::test]
async fn dropping_serve_ends_all_that_run_at_a_time() {
    let held = Held::default();
    let app = held.clone();
    let start = Function::start_as(
        |server| server.with_concurrency(2),
        move |_: Request| app.clone().answer(),
    );
    let function = start.await;
    let asked = function.api.begin(EVENT.into(), Vec::new()).unwrap();
    within(held.called.notified()).await;
    let api = function.abort().await;
    assert!(within(asked).await.is_err(), "it was answered");
    within(api.has_connections(0)).await;
}

#[tokio::test]
async fn a_bound_function_has_no_address_and_offers_no_upgrade() {
    let app = |request: Request| async move {
        assert!(request.feature::<dyn Upgrade>().is_none());
        assert!(request.feature::<ServerAddresses>().is_none());
        assert!(request.feature::<ServerLifetime>().is_some());
        Response::new(Body::empty())
    };
    let mut server = LambdaServer::new();
    assert!(server.requested_addresses().is_none());
    let function = Function::start(app).await;
    assert_eq!(function.response(EVENT).await.status(), 200);
    function.stop().await;
}

#[tokio::test]
async fn a_runtime_api_that_is_not_there_ends_serve_with_its_address() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap().to_string();
    drop(gone);
    let bound = LambdaServer::new()
        .with_runtime_api(&*address)
        .bind()
        .await
        .unwrap();
    let error = within(bound.serve(hello, Shutdown::never()))
        .await
        .unwrap_err();
    assert!(error.is_serve());
    let report = error.report();
    assert!(
        report.starts_with(&format!(
            "the server lambda failed: the Runtime API at http://{address} is not to be reached: "
        )),
        "{report}"
    );
}

#[tokio::test]
async fn a_runtime_api_that_fails_ends_serve_and_one_without_events_does_not() {
    let mut function = Function::start(hello).await;
    function.api.refuse_next(204);
    assert_eq!(function.response(EVENT).await.status(), 200);
    assert_eq!(function.response(EVENT).await.status(), 200);
    function.api.refuse_next(500);
    // A question that waits already is answered with this one, and the next with 500.
    let _ = within(function.api.invoke(EVENT)).await;
    let error = function.ended().await.unwrap_err();
    let report = error.report();
    assert!(report.contains("answered 500"), "{report}");
}

#[tokio::test]
async fn an_address_that_is_none_is_an_error_that_says_how_one_looks() {
    let error = LambdaServer::new()
        .with_runtime_api("here:99999")
        .bind()
        .await
        .unwrap_err();
    assert!(error.is_configuration());
    assert_eq!(
        error.to_string(),
        "`here:99999` is not the address of a Runtime API: its port is no number below 65536; write it like \
         `127.0.0.1:9001`"
    );
}

#[tokio::test]
async fn an_extension_is_registered_before_the_first_invocation_is_asked_for() {
    let function = Function::start_as(|server| server.with_shutdown_signal(true), hello).await;
    assert_eq!(function.response(EVENT).await.status(), 200);
    assert_eq!(function.api.extensions(), ["transom-shutdown-signal"]);
    within(function.api.has_connections(2)).await;
    let api = function.api.clone();
    function.stop().await;
    within(api.has_connections(0)).await;
}
