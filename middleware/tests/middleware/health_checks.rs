//! What probes are answered, and when readiness ends.

use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;
use transom::testing::{TestClient, TestServer};
use transom::{ApplicationBuilder, BoundServer, Host, Response, Server, Shutdown};
use transom_middleware::health_checks::{
    Health, HealthCheck, HealthChecksLayer, HealthStatus, Probe,
};

use crate::support::{run, text};

fn check(name: &str, status: HealthStatus) -> HealthCheck {
    HealthCheck::new(name, move || ready(status))
}

async fn start(layer: HealthChecksLayer) -> TestClient {
    let app = ApplicationBuilder::new()
        .layer(layer)
        .run_fn(|_| async { "inside" });
    TestServer::new().start(app).await.unwrap()
}

/// Asks, and returns the status and the text without its durations.
async fn ask(client: &TestClient, target: &str) -> (u16, String) {
    let response = client.get(target).await.unwrap();
    (response.status().as_u16(), report(response).await)
}

async fn report(response: Response) -> String {
    let text = text(response).await;
    let mut parts = text.split("\"duration_ms\":");
    let mut without = parts.next().unwrap().to_owned();
    for part in parts {
        let digits = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        assert_ne!(digits.len(), part.len(), "a duration is a number: {text}");
        without += digits.trim_start_matches(',');
    }
    without
}

#[test]
fn each_probe_runs_the_checks_with_its_tag_and_other_paths_are_handed_on() {
    run(async {
        let layer = HealthChecksLayer::new()
            .with_check(check("a", HealthStatus::Unhealthy).with_tags(["live"]))
            .with_check(check("b", HealthStatus::Degraded))
            .with_check(check("c", HealthStatus::Healthy).with_tags(["startup", "other"]))
            .with_check(check("d", HealthStatus::Unhealthy).with_tags(["other"]));
        let client = start(layer).await;
        let live = r#"{"status":"unhealthy","stopping":false,"checks":[{"name":"a","status":"unhealthy","tags":["live"]}]}"#;
        assert_eq!(ask(&client, "/livez").await, (503, live.to_owned()));
        let ready = r#"{"status":"degraded","stopping":false,"checks":[{"name":"b","status":"degraded","tags":["ready"]}]}"#;
        assert_eq!(
            ask(&client, "/readyz?verbose").await,
            (200, ready.to_owned())
        );
        let startup = r#"{"status":"healthy","stopping":false,"checks":[{"name":"c","status":"healthy","tags":["startup","other"]}]}"#;
        assert_eq!(ask(&client, "/startupz").await, (200, startup.to_owned()));
        for other in ["/", "/livez/", "/Livez", "/livezz"] {
            assert_eq!(ask(&client, other).await.1, "inside", "{other}");
        }
    });
}

#[test]
fn without_checks_every_probe_passes() {
    run(async {
        let client = start(HealthChecksLayer::new()).await;
        for probe in ["/livez", "/readyz", "/startupz"] {
            let expected = r#"{"status":"healthy","stopping":false,"checks":[]}"#;
            assert_eq!(ask(&client, probe).await, (200, expected.to_owned()));
        }
    });
}

#[test]
fn the_answer_is_json_that_nobody_keeps_and_only_get_and_head_are_answered() {
    run(async {
        let client = start(HealthChecksLayer::new()).await;
        let send = async |method: &str| {
            let request = http::Request::builder().method(method).uri("/livez");
            client.send(request.body("").unwrap()).await.unwrap()
        };
        let answer = send("HEAD").await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(text(answer).await, "");
        let refusal = send("POST").await;
        assert_eq!(refusal.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refusal.headers()["allow"], "GET, HEAD");
    });
}

#[test]
fn an_error_is_unhealthy_and_its_text_stays_here() {
    run(async {
        let failing = HealthCheck::new("a", || ready(Err::<(), _>("the secret")));
        let working = HealthCheck::new("b", || ready(Ok::<(), &str>(())));
        let described = HealthCheck::new("c", || {
            ready(Health::new(HealthStatus::Degraded).with_description("1200 \"wait\""))
        });
        let layer = HealthChecksLayer::new()
            .with_check(failing)
            .with_check(working)
            .with_check(described);
        let (status, report) = ask(&start(layer).await, "/readyz").await;
        assert_eq!(status, 503);
        assert!(
            report.contains(r#""name":"a","status":"unhealthy","tags""#),
            "{report}"
        );
        assert!(
            report.contains(r#""name":"b","status":"healthy""#),
            "{report}"
        );
        assert!(
            report.contains(r#""description":"1200 \"wait\"""#),
            "{report}"
        );
        assert!(!report.contains("secret"), "{report}");
    });
}

#[test]
fn a_check_that_panics_or_hangs_is_unhealthy_and_disturbs_no_other() {
    run(async {
        let limit = Duration::from_millis(20);
        let hanging = HealthCheck::new("hangs", pending::<HealthStatus>).with_timeout(limit);
        let another = HealthCheck::new("hangs too", pending::<HealthStatus>).with_timeout(limit);
        let panicking =
            HealthCheck::new("panics", || async { panic!("on purpose") as HealthStatus });
        let at_once = HealthCheck::new("at once", || -> std::future::Ready<HealthStatus> {
            panic!("on purpose")
        });
        let layer = [
            hanging,
            another,
            panicking,
            at_once,
            check("works", HealthStatus::Healthy),
        ]
        .into_iter()
        .fold(HealthChecksLayer::new(), HealthChecksLayer::with_check);
        let (status, report) = ask(&start(layer).await, "/readyz").await;
        assert_eq!(status, 503);
        assert_eq!(
            report.matches(r#""description":"it timed out""#).count(),
            2,
            "{report}"
        );
        assert_eq!(
            report.matches(r#""description":"it panicked""#).count(),
            2,
            "{report}"
        );
        assert!(
            report.contains(r#""name":"works","status":"healthy""#),
            "{report}"
        );
    });
}

#[test]
fn a_check_replaces_one_with_its_name() {
    run(async {
        let layer = HealthChecksLayer::new()
            .with_check(check("a", HealthStatus::Unhealthy))
            .with_check(check("a", HealthStatus::Healthy));
        let (status, report) = ask(&start(layer).await, "/readyz").await;
        assert_eq!((status, report.matches("name").count()), (200, 1));
    });
}

#[test]
fn start_up_passes_once_and_for_all() {
    run(async {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let warming = HealthCheck::new("warm", move || {
            ready(match counter.fetch_add(1, Ordering::Relaxed) {
                1 => HealthStatus::Healthy,
                _ => HealthStatus::Unhealthy,
            })
        });
        let client =
            start(HealthChecksLayer::new().with_check(warming.with_tags(["startup"]))).await;
        let mut statuses = Vec::new();
        for _ in 0..4 {
            statuses.push(ask(&client, "/startupz").await.0);
        }
        assert_eq!(statuses, [503, 200, 200, 200]);
        assert_eq!(asked.load(Ordering::Relaxed), 2, "it is not asked again");
    });
}

#[test]
fn a_probe_can_have_another_path() {
    run(async {
        let layer = HealthChecksLayer::new()
            .with_path(Probe::Liveness, "/health")
            .unwrap();
        let client = start(layer).await;
        assert_eq!(ask(&client, "/health").await.0, 200);
        assert_eq!(ask(&client, "/livez").await.1, "inside");
    });
    for path in ["", "health", "/a?b", "/a#b", "/a b"] {
        let error = HealthChecksLayer::new()
            .with_path(Probe::Liveness, path)
            .unwrap_err();
        let expected = format!("`{path}` is not the path of a probe: write it like `/healthz`");
        assert_eq!(error.to_string(), expected);
    }
}

const STOPPING: &str = r#"{"status":"unhealthy","stopping":true,"checks":[]}"#;

#[test]
fn readiness_fails_as_soon_as_the_server_begins_to_stop_also_under_a_running_check() {
    run(async {
        let (trigger, shutdown) = Shutdown::pair();
        let stop = trigger.clone();
        let stopping = HealthCheck::new("stops the server", move || {
            stop.request();
            ready(HealthStatus::Healthy)
        });
        let app = ApplicationBuilder::new()
            .layer(HealthChecksLayer::new().with_check(stopping))
            .build();
        let bound = TestServer::new().bind().await.unwrap();
        let client = bound.features().get::<TestClient>().unwrap().clone();
        let asking = tokio::join!(bound.serve(app, shutdown), ask(&client, "/readyz"));
        assert!(asking.0.is_ok());
        assert_eq!(asking.1, (503, STOPPING.to_owned()));
    });
}

#[test]
fn a_drain_turns_readiness_off_and_nothing_else() {
    run(async {
        let layer = HealthChecksLayer::new();
        let drain = layer.drain();
        let client = start(layer).await;
        assert_eq!(ask(&client, "/readyz").await.0, 200);
        assert!(!drain.is_begun());
        drain.begin();
        assert!(drain.is_begun());
        assert_eq!(ask(&client, "/readyz").await, (503, STOPPING.to_owned()));
        assert_eq!(ask(&client, "/livez").await.0, 200);
        assert_eq!(ask(&client, "/").await.1, "inside");
    });
}

#[test]
fn a_host_answers_new_requests_for_as_long_as_the_delay() {
    run(async {
        // The clock goes on when nobody has anything to do.
        tokio::time::pause();
        let delay = Duration::from_secs(5);
        let host = Host::builder(TestServer::new())
            .with_shutdown_delay(delay)
            .configure(|app| {
                app.layer(HealthChecksLayer::new())
                    .run_fn(|_| async { "inside" })
            })
            .start()
            .await
            .unwrap();
        let client = host.server_features().next().unwrap();
        let client = client.get::<TestClient>().unwrap().clone();
        assert_eq!(ask(&client, "/readyz").await.0, 200);

        let begun = Instant::now();
        host.stopper().stop();
        host.lifetime().stopping().await;
        tokio::task::yield_now().await;
        assert_eq!(ask(&client, "/readyz").await, (503, STOPPING.to_owned()));
        assert_eq!(ask(&client, "/").await.1, "inside");
        host.wait().await.unwrap();
        assert!(begun.elapsed() >= delay, "{:?}", begun.elapsed());
    });
}
