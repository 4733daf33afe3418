//! Who is told that it takes too long, when, and what the client gets.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, StatusCode};
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep};
use tower_layer::Layer;
use transom::features::{RequestLifetime, Upgrade};
use transom::testing::{TestClient, TestServer};
use transom::{ApplicationBuilder, Body, Request, RequestExt, Response};
use transom_middleware::request_timeouts::{RequestTimeout, RequestTimeoutsLayer};

use crate::support::{run, text};

const SECOND: Duration = Duration::from_secs(1);

/// One second for each request.
fn layer() -> RequestTimeoutsLayer {
    RequestTimeoutsLayer::new(SECOND)
}

/// Runs a test whose clock goes on when nobody has anything to do.
fn run_paused<F: Future>(test: F) -> F::Output {
    run(async {
        tokio::time::pause();
        test.await
    })
}

async fn start(app: transom::App) -> TestClient {
    TestServer::new().start(app).await.unwrap()
}

fn timeout(request: &Request) -> RequestTimeout {
    request.feature::<RequestTimeout>().unwrap().clone()
}

fn lifetime(request: &Request) -> RequestLifetime {
    request.feature::<RequestLifetime>().unwrap().clone()
}

/// What handlers hand to the tests.
struct Kept<T>(Arc<Mutex<Option<T>>>);

impl<T> Kept<T> {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn keep(&self, value: T) {
        *self.0.lock().unwrap() = Some(value);
    }

    fn take(&self) -> T {
        self.0.lock().unwrap().take().expect("nothing was kept")
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A body that yields once and then nothing.
fn endless() -> Body {
    use futures_util::StreamExt;
    let first = futures_util::stream::iter([Ok::<_, std::io::Error>("first")]);
    Body::from_stream(first.chain(futures_util::stream::pending()))
}

#[test]
fn what_takes_too_long_is_answered_504_without_content_at_the_time() {
    run_paused(async {
        let app = ApplicationBuilder::new().layer(layer());
        let client = start(app.run_fn(|_| pending::<&str>())).await;
        let begun = Instant::now();
        let response = client.get("/").await.unwrap();
        assert_eq!(response.status(), 504);
        assert!(begun.elapsed() >= SECOND && begun.elapsed() < 2 * SECOND);
        assert_eq!(text(response).await, "");
    });
}

#[test]
fn what_is_in_time_is_not_touched() {
    run_paused(async {
        let app = ApplicationBuilder::new().layer(layer()).run_fn(|_| async {
            sleep(SECOND / 2).await;
            (StatusCode::ACCEPTED, "in time")
        });
        let response = start(app).await.get("/").await.unwrap();
        assert_eq!(response.status(), 202);
        assert_eq!(text(response).await, "in time");
    });
}

#[test]
fn the_application_is_told_first_and_so_is_what_it_spawned() {
    run_paused(async {
        let (told, spawned) = (Kept::new(), Kept::new());
        let (tells, spawns) = (told.clone(), spawned.clone());
        let app = ApplicationBuilder::new()
            .layer(layer())
            .run_fn(move |request| {
                let (tells, spawns) = (tells.clone(), spawns.clone());
                async move {
                    let task = lifetime(&request);
                    spawns.keep(tokio::spawn(async move { task.disconnected().await }));
                    lifetime(&request).disconnected().await;
                    tells.keep(timeout(&request).is_elapsed());
                    pending::<&str>().await
                }
            });
        assert_eq!(start(app).await.get("/").await.unwrap().status(), 504);
        assert!(told.take(), "it was the timeout");
        spawned.take().await.unwrap();
    });
}

#[test]
fn an_answer_that_comes_after_it_was_told_is_not_sent() {
    run_paused(async {
        let app = ApplicationBuilder::new()
            .layer(layer().with_grace(SECOND))
            .run_fn(|request| async move {
                lifetime(&request).disconnected().await;
                "nobody waits, so anything will do"
            });
        let begun = Instant::now();
        let response = start(app).await.get("/").await.unwrap();
        assert_eq!(response.status(), 504);
        assert!(
            begun.elapsed() < 2 * SECOND,
            "it had ended, so no grace is waited for"
        );
        assert_eq!(text(response).await, "");
    });
}

#[test]
fn the_grace_is_for_cleaning_up_and_ends() {
    run_paused(async {
        let (cleaned, late) = (Kept::new(), Kept::<()>::new());
        let (cleans, lates) = (cleaned.clone(), late.clone());
        let app = ApplicationBuilder::new()
            .layer(layer().with_grace(SECOND))
            .run_fn(move |request| {
                let (cleans, lates) = (cleans.clone(), lates.clone());
                async move {
                    lifetime(&request).disconnected().await;
                    sleep(SECOND / 2).await;
                    cleans.keep(true);
                    sleep(SECOND).await;
                    lates.keep(());
                }
            });
        let begun = Instant::now();
        assert_eq!(start(app).await.get("/").await.unwrap().status(), 504);
        assert!(begun.elapsed() >= 2 * SECOND && begun.elapsed() < 3 * SECOND);
        assert!(cleaned.take());
        sleep(SECOND).await;
        assert!(late.0.lock().unwrap().is_none(), "it was dropped");
    });
}

#[test]
fn the_status_is_an_option() {
    run_paused(async {
        let layer = layer().with_status(StatusCode::SERVICE_UNAVAILABLE);
        let app = ApplicationBuilder::new().layer(layer);
        let client = start(app.run_fn(|_| pending::<&str>())).await;
        assert_eq!(client.get("/").await.unwrap().status(), 503);
    });
}

#[test]
fn a_branch_has_its_own_policy_by_a_layer_of_its_own() {
    run_paused(async {
        let slow = async |_| {
            sleep(3 * SECOND).await;
            "slow"
        };
        let longer = RequestTimeoutsLayer::new(5 * SECOND);
        let other = RequestTimeoutsLayer::new(2 * SECOND).with_status(StatusCode::IM_A_TEAPOT);
        let app = ApplicationBuilder::new()
            .layer(layer())
            .map("/longer", |branch| branch.layer(longer).run_fn(slow))
            .map("/other", |branch| branch.layer(other).run_fn(slow))
            .map("/any", |branch| {
                branch.layer(RequestTimeoutsLayer::disabled()).run_fn(slow)
            })
            .run_fn(slow);
        let client = start(app).await;
        for (path, status) in [("/", 504), ("/longer", 200), ("/other", 418), ("/any", 200)] {
            let response = client.get(path).await.unwrap();
            assert_eq!(response.status(), status, "{path}");
        }
    });
}

#[test]
fn a_handler_disables_or_replaces_while_it_runs() {
    run_paused(async {
        let app = ApplicationBuilder::new().layer(layer()).run_fn(|request| {
            let timeout = timeout(&request);
            async move {
                assert_eq!(timeout.remaining(), Some(SECOND));
                match request.uri().path() {
                    "/disable" => assert!(timeout.disable()),
                    "/longer" => assert!(timeout.replace(4 * SECOND)),
                    "/shorter" => assert!(timeout.replace(SECOND / 4)),
                    "/any" => assert!(timeout.replace(Duration::MAX)),
                    // By somebody else, while this waits.
                    _ => {
                        tokio::spawn(async move { timeout.replace(SECOND / 2) });
                        pending::<()>().await;
                    }
                }
                sleep(3 * SECOND).await;
                "done"
            }
        });
        let client = start(app).await;
        let ask = async |path| {
            let begun = Instant::now();
            let status = client.get(path).await.unwrap().status().as_u16();
            (status, begun.elapsed().as_millis() / 100 * 100)
        };
        assert_eq!(ask("/disable").await, (200, 3000));
        assert_eq!(ask("/longer").await, (200, 3000));
        assert_eq!(ask("/shorter").await, (504, 200));
        assert_eq!(ask("/any").await, (200, 3000));
        assert_eq!(ask("/from-another-task").await, (504, 500));
    });
}

#[test]
fn nothing_is_changed_when_it_is_too_late() {
    run_paused(async {
        let kept = Kept::new();
        let keeps = kept.clone();
        let app = ApplicationBuilder::new()
            .layer(layer())
            .run_fn(move |request| {
                keeps.keep(timeout(&request));
                async move {
                    if request.uri().path() == "/slow" {
                        pending::<()>().await;
                    }
                }
            });
        let client = start(app).await;
        assert_eq!(client.get("/slow").await.unwrap().status(), 504);
        let elapsed = kept.take();
        assert!(elapsed.is_elapsed() && !elapsed.disable() && !elapsed.replace(SECOND));
        assert_eq!(client.get("/").await.unwrap().status(), 200);
        let answered = kept.take();
        assert!(!answered.is_elapsed() && !answered.disable() && !answered.replace(SECOND));
        assert_eq!(answered.remaining(), None);
    });
}

#[test]
fn a_time_that_no_clock_has_is_none() {
    run_paused(async {
        let layer = RequestTimeoutsLayer::new(Duration::MAX);
        let app = ApplicationBuilder::new().layer(layer).run_fn(|request| {
            assert_eq!(timeout(&request).remaining(), None);
            async { sleep(SECOND).await }
        });
        assert_eq!(start(app).await.get("/").await.unwrap().status(), 200);
    });
}

#[test]
fn a_response_that_has_begun_is_not_broken_off() {
    run_paused(async {
        let kept = Kept::new();
        let keeps = kept.clone();
        let app = ApplicationBuilder::new()
            .layer(layer())
            .run_fn(move |request| {
                keeps.keep(lifetime(&request));
                async { Response::new(endless()) }
            });
        let client = start(app).await;
        let mut response = client.get("/").await.unwrap();
        let first = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "first");
        let next = tokio::time::timeout(5 * SECOND, response.body_mut().frame());
        assert!(next.await.is_err(), "it goes on");
        assert!(!kept.take().is_disconnected());
    });
}

#[test]
fn a_response_is_broken_off_where_its_content_is_included() {
    run_paused(async {
        let kept = Kept::new();
        let keeps = kept.clone();
        let app = ApplicationBuilder::new()
            .layer(layer().with_body_included(true))
            .run_fn(move |request| {
                keeps.keep((lifetime(&request), timeout(&request)));
                async { Response::new(endless()) }
            });
        let client = start(app).await;
        let response = client.get("/").await.unwrap();
        assert_eq!(response.status(), 200);
        let begun = Instant::now();
        assert!(response.into_body().collect(100).await.is_err());
        assert!(begun.elapsed() < 2 * SECOND);
        let (lifetime, timeout) = kept.take();
        assert!(lifetime.is_disconnected() && timeout.is_elapsed());
    });
}

#[test]
fn a_client_that_goes_away_is_no_timeout() {
    run_paused(async {
        let kept = Kept::new();
        let keeps = kept.clone();
        let app = ApplicationBuilder::new()
            .layer(layer())
            .run_fn(move |request| {
                keeps.keep((lifetime(&request), timeout(&request)));
                pending::<()>()
            });
        let client = start(app).await;
        let gone = tokio::time::timeout(SECOND / 2, client.get("/")).await;
        assert!(gone.is_err());
        let (lifetime, timeout) = kept.take();
        lifetime.disconnected().await;
        assert!(!timeout.is_elapsed());
    });
}

#[test]
fn who_hangs_up_hangs_up_before_its_answer_and_during_it() {
    run_paused(async {
        let app = ApplicationBuilder::new().layer(layer()).run_fn(|request| {
            let lifetime = lifetime(&request);
            async move {
                match request.uri().path() {
                    "/at-once" => lifetime.abort(),
                    "/waiting" => {
                        tokio::spawn(async move { lifetime.abort() });
                        pending::<()>().await;
                    }
                    _ => drop(tokio::spawn(async move {
                        sleep(SECOND / 2).await;
                        lifetime.abort();
                    })),
                }
                Response::new(endless())
            }
        });
        let client = start(app).await;
        assert!(client.get("/at-once").await.is_err());
        assert!(client.get("/waiting").await.is_err());
        let response = client.get("/during").await.unwrap();
        assert!(response.into_body().collect(100).await.is_err());
    });
}

#[test]
fn who_was_answered_in_full_is_never_gone_and_who_was_not_is() {
    run_paused(async {
        let kept = Kept::new();
        let keeps = kept.clone();
        let app = ApplicationBuilder::new()
            .layer(layer())
            .run_fn(move |request| {
                keeps.keep(lifetime(&request));
                async move {
                    let mut response = Response::new(match request.uri().path() {
                        "/endless" | "/announced" => endless(),
                        _ => Body::from("text"),
                    });
                    if request.uri().path() == "/announced" {
                        let length = http::HeaderValue::from_static("5");
                        response.headers_mut().insert("content-length", length);
                    }
                    response
                }
            });
        let client = start(app).await;
        for path in ["/text", "/announced"] {
            let response = client.get(path).await.unwrap();
            let mut body = response.into_body();
            body.frame().await.unwrap().unwrap();
            drop(body);
            assert!(!kept.take().is_disconnected(), "{path}");
        }
        let head = http::Request::builder()
            .method(Method::HEAD)
            .uri("/endless");
        client
            .send(head.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert!(!kept.take().is_disconnected(), "HEAD has no content");
        drop(client.get("/endless").await.unwrap());
        kept.take().disconnected().await;
    });
}

#[test]
fn an_upgraded_connection_is_left_alone() {
    use futures_util::{AsyncReadExt, AsyncWriteExt};

    async fn shout(request: Request) -> Response {
        let upgrading = request.feature::<dyn Upgrade>().unwrap().accept().unwrap();
        tokio::spawn(async move {
            let mut connection = upgrading.await.unwrap();
            sleep(3 * SECOND).await;
            connection.write_all(b"late").await.unwrap();
            connection.close().await.unwrap();
        });
        let head = http::Response::builder()
            .status(101)
            .header("connection", "upgrade")
            .header("upgrade", "shout");
        head.body(Body::empty()).unwrap()
    }

    run_paused(async {
        let layer = layer().with_body_included(true);
        let client = start(ApplicationBuilder::new().layer(layer).run_fn(shout)).await;
        let request = http::Request::get("/")
            .header("connection", "upgrade")
            .header("upgrade", "shout");
        let request = request.body(Body::empty()).unwrap();
        let (response, connection) = client.upgrade(request).await.unwrap();
        assert_eq!(response.status(), 101);
        let mut said = String::new();
        connection.unwrap().read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "late");
    });
}

#[test]
fn the_stream_of_a_connect_is_left_alone() {
    run_paused(async {
        let service = tower::service_fn(|_: Request| async {
            Ok::<_, std::convert::Infallible>(Response::new(endless()))
        });
        let service = layer().with_body_included(true).layer(service);
        let request = http::Request::builder().method(Method::CONNECT).uri("a:1");
        let request = request.body(Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(service, request).await.unwrap();
        let all = response.into_body().collect();
        assert!(tokio::time::timeout(5 * SECOND, all).await.is_err());
    });
}

#[test]
fn outside_of_transom_the_lifetime_knows_of_the_timeout() {
    run_paused(async {
        let kept = Kept::new();
        let keeps = kept.clone();
        let service = tower::service_fn(move |request: Request| {
            keeps.keep(lifetime(&request));
            pending::<Result<Response, std::convert::Infallible>>()
        });
        let request = Request::new(Body::empty());
        let answer = tower::ServiceExt::oneshot(layer().layer(service), request);
        assert_eq!(answer.await.unwrap().status(), 504);
        assert!(kept.take().is_disconnected());
    });
}
