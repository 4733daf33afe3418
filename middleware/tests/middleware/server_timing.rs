//! What is said of where the time went, to whom, and in which form.

use std::sync::Arc;
use std::time::Duration;

use transom::hosting::HostEnvironment;
use transom::testing::TestServer;
use transom::{ApplicationBuilder, Body, Features, Request, RequestExt, Response};
use transom_middleware::server_timing::{ServerTiming, ServerTimingLayer};

use crate::support::{run, send};

async fn ask(app: transom::App) -> Response {
    send(app, http::Request::new(Body::empty())).await
}

/// The field, without its durations; those are numbers of milliseconds.
fn names(response: &Response) -> Vec<String> {
    let fields = response.headers().get_all("server-timing").iter();
    let measures = fields.flat_map(|field| field.to_str().unwrap().split(", "));
    let name = |measure: &str| {
        let (name, duration) = measure.split_once(";dur=").unwrap();
        let digits = duration.split(';').next().unwrap();
        assert!(digits.parse::<f64>().unwrap() >= 0.0, "{measure}");
        name.to_owned()
    };
    measures.map(name).collect()
}

fn timing(request: &Request) -> ServerTiming {
    request.feature::<ServerTiming>().unwrap().clone()
}

#[test]
fn the_whole_is_measured_and_what_handlers_add_comes_before_it() {
    run(async {
        let app = ApplicationBuilder::new().layer(ServerTimingLayer::always());
        let app = app.run_fn(|request: Request| async move {
            let timing = timing(&request);
            timing.record("db", Duration::from_micros(1_500));
            timing.record_with_description("cache", Duration::from_secs(2), "a miss");
            let measured = timing.measure("wait");
            tokio::time::sleep(Duration::from_millis(5)).await;
            drop(measured);
        });
        let response = ask(app).await;
        let field = response.headers()["server-timing"].to_str().unwrap();
        let (known, measured) = field.split_once(", wait;dur=").unwrap();
        assert_eq!(known, r#"db;dur=1.500, cache;dur=2000.000;desc="a miss""#);
        let (wait, total) = measured.split_once(", total;dur=").unwrap();
        let (wait, total) = (wait.parse::<f64>().unwrap(), total.parse::<f64>().unwrap());
        assert!((5.0..=total).contains(&wait), "{field}");
    });
}

#[test]
fn stages_are_measured_where_a_layer_stands_before_them() {
    run(async {
        let app = ApplicationBuilder::new()
            .layer(ServerTimingLayer::always())
            .use_fn(|request, next| async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                next.run(request).await
            })
            .layer(ServerTimingLayer::always().with_name("inner"))
            .run_fn(|_| async {});
        let response = ask(app).await;
        let field = response.headers()["server-timing"].to_str().unwrap();
        let (inner, total) = field.split_once(", total;dur=").unwrap();
        let inner = inner.strip_prefix("inner;dur=").unwrap();
        let (inner, total) = (inner.parse::<f64>().unwrap(), total.parse::<f64>().unwrap());
        assert!(inner + 5.0 <= total, "{field}");
    });
}

#[test]
fn it_is_for_development_unless_it_is_asked_for() {
    run(async {
        for (environment, expected) in [
            (Some("Development"), 1),
            (Some("development"), 1),
            (Some("Staging"), 0),
            (Some("Production"), 0),
            (None, 0),
        ] {
            let mut features = Features::new();
            if let Some(environment) = environment {
                features.insert(HostEnvironment::new(environment));
            }
            let app = ApplicationBuilder::new().with_server_features(Arc::new(features));
            let timing = ServerTimingLayer::of(&app);
            let app = app.layer(timing);
            let response = ask(app.run_fn(move |request: Request| {
                let there = request.feature::<ServerTiming>().is_some();
                assert_eq!(there, expected == 1);
                async {}
            }));
            let response = response.await;
            assert_eq!(response.status(), 200);
            assert_eq!(names(&response).len(), expected, "{environment:?}");
        }
    });
}

#[test]
fn names_and_descriptions_cannot_break_out_of_the_field() {
    run(async {
        let app = ApplicationBuilder::new()
            .layer(ServerTimingLayer::always().with_name("a b,\"c\"\r\nset-cookie: é"))
            .run_fn(|request: Request| async move {
                let timing = timing(&request);
                timing.record("", Duration::ZERO);
                timing.record(&"x".repeat(1_000), Duration::MAX);
                timing.record_with_description("d", Duration::ZERO, "\"a\\b\", c;\r\n\u{0}é");
                timing.record_with_description("e", Duration::ZERO, &"y".repeat(1_000));
            });
        let response = ask(app).await;
        assert_eq!(response.headers().len(), 1);
        let field = response.headers()["server-timing"].to_str().unwrap();
        let (_, rest) = field.split_once("_;dur=0.000, ").unwrap();
        assert!(rest.starts_with(&format!("{};dur=", "x".repeat(64))));
        let escaped = r#"d;dur=0.000;desc="\"a\\b\", c;____", e;dur=0.000;desc="#;
        assert!(field.contains(escaped), "{field}");
        assert!(field.contains(&format!("\"{}\"", "y".repeat(64))));
        assert!(field.contains(", a_b__c___set-cookie___;dur="), "{field}");
    });
}

#[test]
fn there_is_an_end_of_what_is_kept_and_nothing_comes_after_the_head() {
    run(async {
        let (keeps, kept) = tokio::sync::oneshot::channel();
        let keeps = std::sync::Mutex::new(Some(keeps));
        let app = ApplicationBuilder::new().layer(ServerTimingLayer::always());
        let app = app.run_fn(move |request: Request| {
            let timing = timing(&request);
            for number in 0..100 {
                timing.record(&number.to_string(), Duration::ZERO);
            }
            let keeps = keeps.lock().unwrap().take();
            keeps.unwrap().send(timing).unwrap();
            async {}
        });
        assert_eq!(names(&ask(app).await).len(), 50);
        kept.await.unwrap().record("late", Duration::ZERO);
    });
}

#[test]
fn what_the_application_says_of_its_own_stands_beside_it() {
    run(async {
        let app = ApplicationBuilder::new()
            .layer(ServerTimingLayer::always())
            .run_fn(|_| async {
                let response = http::Response::builder().header("server-timing", "own;dur=1");
                response.body(Body::empty()).unwrap()
            });
        let client = TestServer::new().start(app).await.unwrap();
        for _ in 0..2 {
            let response = client.get("/").await.unwrap();
            assert_eq!(names(&response), ["own", "total"], "each request by itself");
        }
    });
}
