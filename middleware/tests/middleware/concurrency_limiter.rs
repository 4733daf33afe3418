//! How many run at once, who waits, who goes first, and who is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use http_body_util::BodyExt;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use transom::testing::{TestClient, TestServer};
use transom::{ApplicationBuilder, Body, Request, Response};
use transom_middleware::concurrency_limiter::{ConcurrencyLimiterLayer, QueueOrder};

use crate::support::run;

/// A server whose requests run until they are let go, one at a time.
struct Gate {
    client: TestClient,
    layer: ConcurrencyLimiterLayer,
    begun: mpsc::UnboundedReceiver<String>,
    go: Arc<Notify>,
}

impl Gate {
    async fn new(layer: ConcurrencyLimiterLayer) -> Self {
        let (begins, begun) = mpsc::unbounded_channel();
        let go = Arc::new(Notify::new());
        let goes = Arc::clone(&go);
        let app = ApplicationBuilder::new()
            .layer(layer.clone())
            .run_fn(move |request: Request| {
                begins.send(request.uri().path().to_owned()).unwrap();
                let goes = Arc::clone(&goes);
                async move {
                    goes.notified().await;
                    "done"
                }
            });
        Self {
            client: TestServer::new().start(app).await.unwrap(),
            layer,
            begun,
            go,
        }
    }

    /// Sends a request, and returns once it runs, waits or is refused.
    async fn send(&self, path: &'static str) -> JoinHandle<u16> {
        let before = (self.layer.running(), self.layer.waiting());
        let client = self.client.clone();
        let task = tokio::spawn(async move {
            let response = client.get(path).await.unwrap();
            let status = response.status().as_u16();
            response.into_body().collect(10).await.unwrap();
            status
        });
        for _ in 0..20 {
            tokio::task::yield_now().await;
            if (self.layer.running(), self.layer.waiting()) != before {
                break;
            }
        }
        task
    }

    async fn begun(&mut self) -> String {
        self.begun.recv().await.unwrap()
    }
}

async fn until_idle(layer: &ConcurrencyLimiterLayer) {
    while layer.running() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn endless() -> Body {
    Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>())
}

#[test]
fn who_finds_no_permit_and_no_queue_is_refused_with_a_time_to_come_back() {
    run(async {
        let mut gate = Gate::new(ConcurrencyLimiterLayer::new(2)).await;
        let tasks = [gate.send("/a").await, gate.send("/b").await];
        gate.begun().await;
        gate.begun().await;
        assert_eq!(gate.layer.running(), 2);
        let refused = gate.client.get("/c").await.unwrap();
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "1");
        assert_eq!(refused.into_body().collect(0).await.unwrap(), "");
        gate.go.notify_one();
        gate.go.notify_one();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 200);
        }
        until_idle(&gate.layer).await;
    });
}

#[test]
fn the_time_to_come_back_is_an_option_in_whole_seconds() {
    run(async {
        for (wait, said) in [
            (Some(Duration::from_millis(1500)), Some("2")),
            (Some(Duration::ZERO), Some("0")),
            (Some(Duration::MAX), Some("18446744073709551615")),
            (None, None),
        ] {
            let layer = ConcurrencyLimiterLayer::new(1).with_retry_after(wait);
            let mut gate = Gate::new(layer).await;
            let running = gate.send("/").await;
            gate.begun().await;
            let refused = gate.client.get("/").await.unwrap();
            let field = refused.headers().get("retry-after");
            assert_eq!(field.map(|field| field.to_str().unwrap()), said);
            running.abort();
        }
    });
}

#[test]
fn no_permit_counts_as_one() {
    run(async {
        let mut gate = Gate::new(ConcurrencyLimiterLayer::new(0)).await;
        gate.go.notify_one();
        assert_eq!(gate.send("/").await.await.unwrap(), 200);
        gate.begun().await;
    });
}

#[test]
fn the_oldest_goes_first_and_who_finds_the_queue_full_is_refused() {
    run(async {
        let mut gate = Gate::new(ConcurrencyLimiterLayer::new(1).with_queue(2)).await;
        let a = gate.send("/a").await;
        let b = gate.send("/b").await;
        let c = gate.send("/c").await;
        assert_eq!((gate.layer.running(), gate.layer.waiting()), (1, 2));
        assert_eq!(gate.send("/d").await.await.unwrap(), 503);
        for expected in ["/a", "/b", "/c"] {
            assert_eq!(gate.begun().await, expected);
            gate.go.notify_one();
        }
        for task in [a, b, c] {
            assert_eq!(task.await.unwrap(), 200);
        }
        until_idle(&gate.layer).await;
    });
}

#[test]
fn the_newest_goes_first_and_puts_the_oldest_out_of_a_full_queue() {
    run(async {
        let layer = ConcurrencyLimiterLayer::new(1)
            .with_queue(2)
            .with_order(QueueOrder::NewestFirst);
        let mut gate = Gate::new(layer).await;
        let a = gate.send("/a").await;
        let b = gate.send("/b").await;
        let c = gate.send("/c").await;
        let d = gate.send("/d").await;
        assert_eq!(b.await.unwrap(), 503, "the oldest of those that wait");
        for expected in ["/a", "/d", "/c"] {
            assert_eq!(gate.begun().await, expected);
            gate.go.notify_one();
        }
        for task in [a, c, d] {
            assert_eq!(task.await.unwrap(), 200);
        }
    });
}

#[test]
fn the_newest_without_a_queue_is_refused_too() {
    run(async {
        let layer = ConcurrencyLimiterLayer::new(1).with_order(QueueOrder::NewestFirst);
        let mut gate = Gate::new(layer).await;
        let running = gate.send("/a").await;
        gate.begun().await;
        assert_eq!(gate.send("/b").await.await.unwrap(), 503);
        running.abort();
    });
}

#[test]
fn a_client_that_goes_away_leaves_the_queue_or_gives_its_permit_back() {
    run(async {
        let mut gate = Gate::new(ConcurrencyLimiterLayer::new(1).with_queue(2)).await;
        let running = gate.send("/a").await;
        gate.begun().await;
        let waiting = gate.send("/b").await;
        let last = gate.send("/c").await;
        assert_eq!(gate.layer.waiting(), 2);
        waiting.abort();
        while gate.layer.waiting() == 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        running.abort();
        assert_eq!(gate.begun().await, "/c");
        gate.go.notify_one();
        assert_eq!(last.await.unwrap(), 200);
        until_idle(&gate.layer).await;
    });
}

#[test]
fn the_permit_is_held_until_the_content_has_ended_or_is_dropped() {
    run(async {
        let layer = ConcurrencyLimiterLayer::new(1);
        let app = ApplicationBuilder::new().layer(layer.clone());
        let app = app.run_fn(|request: Request| async move {
            Response::new(match request.uri().path() {
                "/failing" => Body::from_stream(futures_util::stream::iter([
                    Ok("a"),
                    Err(std::io::Error::other("broken")),
                ])),
                "/empty" => Body::empty(),
                "/short" => Body::from("a"),
                _ => endless(),
            })
        });
        let client = TestServer::new().start(app).await.unwrap();

        let mut short = client.get("/short").await.unwrap();
        while let Some(frame) = short.body_mut().frame().await {
            frame.unwrap();
        }
        assert_eq!(layer.running(), 0, "though the body is still there");

        let dropped = client.get("/").await.unwrap();
        assert_eq!(layer.running(), 1);
        assert_eq!(client.get("/").await.unwrap().status(), 503);
        drop(dropped);
        until_idle(&layer).await;

        let failing = client.get("/failing").await.unwrap();
        failing.into_body().collect(10).await.unwrap_err();
        until_idle(&layer).await;

        let empty = client.get("/empty").await.unwrap();
        assert_eq!((empty.status().as_u16(), layer.running()), (200, 0));
    });
}

#[test]
fn who_is_exempt_needs_no_permit() {
    run(async {
        let layer = ConcurrencyLimiterLayer::new(1)
            .with_exempt(|request| request.uri.path().starts_with("/health"));
        let mut gate = Gate::new(layer).await;
        let running = gate.send("/").await;
        gate.begun().await;
        let probe = gate.send("/health/live").await;
        assert_eq!(gate.begun().await, "/health/live");
        assert_eq!(gate.layer.running(), 1);
        gate.go.notify_one();
        gate.go.notify_one();
        assert_eq!(probe.await.unwrap(), 200);
        assert_eq!(running.await.unwrap(), 200);
    });
}

#[test]
fn what_a_layer_makes_shares_its_permits_and_another_layer_has_its_own() {
    run(async {
        let layer = ConcurrencyLimiterLayer::new(1);
        let other = layer.clone().with_queue(0);
        let app = ApplicationBuilder::new()
            .map("/a", |branch| {
                branch
                    .layer(layer.clone())
                    .run_fn(|_| async { Response::new(endless()) })
            })
            .map("/b", |branch| {
                branch.layer(layer.clone()).run_fn(|_| async { "b" })
            })
            .map("/c", |branch| {
                branch.layer(other.clone()).run_fn(|_| async { "c" })
            });
        let client = TestServer::new().start(app.build()).await.unwrap();
        let held = client.get("/a").await.unwrap();
        assert_eq!(client.get("/b").await.unwrap().status(), 503);
        assert_eq!(client.get("/c").await.unwrap().status(), 200);
        drop(held);
        until_idle(&layer).await;
        assert_eq!(client.get("/b").await.unwrap().status(), 200);
    });
}

#[test]
fn under_load_with_clients_that_leave_no_permit_is_lost_and_none_is_too_many() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for order in [QueueOrder::OldestFirst, QueueOrder::NewestFirst] {
            let layer = ConcurrencyLimiterLayer::new(3)
                .with_queue(20)
                .with_order(order);
            let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let peak = Arc::clone(&most);
            let app = ApplicationBuilder::new()
                .layer(layer.clone())
                .run_fn(move |_| {
                    struct Count(Arc<AtomicUsize>);
                    impl Drop for Count {
                        fn drop(&mut self) {
                            self.0.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                    let (now, most) = (Arc::clone(&now), Arc::clone(&most));
                    async move {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        let _count = Count(now);
                        tokio::task::yield_now().await;
                        tokio::time::sleep(Duration::from_micros(200)).await;
                        "done"
                    }
                });
            let client = TestServer::new().start(app).await.unwrap();
            let all = (0..500_u64).map(|number| {
                let client = client.clone();
                tokio::spawn(async move {
                    let patience = Duration::from_micros(number * 37 % 3000);
                    drop(tokio::time::timeout(patience, client.get("/")).await);
                })
            });
            let all = tokio::time::timeout(Duration::from_secs(10), join_all(all));
            assert!(all.await.unwrap().iter().all(Result::is_ok));
            let deadline = std::time::Instant::now() + Duration::from_secs(10);
            while layer.running() + layer.waiting() > 0 {
                assert!(
                    std::time::Instant::now() < deadline,
                    "a permit was lost: {layer:?}"
                );
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert!((1..=3).contains(&peak.load(Ordering::SeqCst)), "{peak:?}");
        }
    });
}
