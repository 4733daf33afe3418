//! The error behind a response, and the stage that it is of.

use std::backtrace::BacktraceStatus;
use std::io;
use std::time::Duration;

use http::StatusCode;
use tower::timeout::TimeoutLayer;
use transom::body;
use transom::pipeline::{Failure, IntoResponse};
use transom::{App, Application, ApplicationBuilder, Body, Request, Response};

use super::support::{get, run};

async fn failing(_: Request) -> Result<&'static str, Failure> {
    Err(io::Error::other("a mistake"))?
}

fn failure(app: &App) -> (StatusCode, Option<Failure>) {
    let mut response: Response = run(app.call(get("/")));
    let failure = response.extensions_mut().remove::<Failure>();
    (response.status(), failure)
}

fn late() -> TimeoutLayer {
    TimeoutLayer::new(Duration::from_millis(1))
}

#[test]
fn the_stage_that_failed_is_named_and_those_outside_of_it_keep_the_name() {
    let outside = || ApplicationBuilder::new().use_fn(|request, next| next.run(request));
    let service =
        tower::service_fn(|_: Request| async { Err::<Response, _>(io::Error::other("a mistake")) });
    for (app, name) in [
        (outside().run_fn(failing), "run_fn"),
        (
            outside().use_fn(|request, _| failing(request)).build(),
            "use_fn",
        ),
        (
            outside()
                .layer(late())
                .run_fn(|_| std::future::pending::<()>()),
            "layer TimeoutLayer",
        ),
        (
            outside().map("", |root| root.run_fn(failing)).build(),
            "run_fn",
        ),
    ] {
        let (_, failure) = failure(&app);
        assert_eq!(failure.unwrap().stage(), Some(name));
    }
    let (_, failure) = failure(&outside().run(service));
    let failure = failure.unwrap();
    assert!(failure.stage().unwrap().starts_with("run "), "{failure:?}");
    assert_eq!(failure.error().to_string(), "a mistake");
}

#[test]
fn a_failure_has_the_status_of_its_cause_and_no_backtrace_for_a_mistake_of_the_client() {
    let app = ApplicationBuilder::new()
        .run_fn(|_| async { Err::<(), _>(Failure::from(body::Error::length_limit(1))) });
    let (status, failure) = failure(&app);
    assert_eq!(status, 413);
    let failure = failure.unwrap();
    assert_eq!(failure.status(), 413);
    assert_eq!(failure.backtrace().status(), BacktraceStatus::Disabled);
}

#[test]
fn what_is_made_of_an_error_by_a_mapping_of_ones_own_is_a_failure_if_it_says_so() {
    let pending = |_| std::future::pending::<()>();
    let app = ApplicationBuilder::new().layer_with(late(), |_| StatusCode::IM_A_TEAPOT);
    let (status, none) = failure(&app.run_fn(pending));
    assert_eq!(status, 418);
    assert!(none.is_none());

    let app = ApplicationBuilder::new().layer_with(late(), |error| {
        (StatusCode::BAD_GATEWAY, Failure::new(error).into_response())
    });
    let (status, failure) = failure(&app.run_fn(pending));
    assert_eq!(status, 502);
    assert_eq!(failure.unwrap().stage(), Some("layer TimeoutLayer"));
}

#[test]
fn the_names_of_the_stages_are_there_when_the_pipeline_is_built() {
    let app = ApplicationBuilder::new();
    let names = app.stage_names();
    let app = app
        .layer(late())
        .map("/a", |branch| {
            let names = branch.stage_names();
            let app = branch.build();
            assert_eq!(names.iter().collect::<Vec<_>>(), ["404"]);
            app
        })
        .use_when(|_| true, |detour| detour.layer(late()));
    assert_eq!(names.iter().count(), 0, "not built");
    let app = app.run_fn(|_| async { Body::empty() });
    let expected = ["layer TimeoutLayer", "map \"/a\"", "use_when", "run_fn"];
    assert_eq!(names.iter().collect::<Vec<_>>(), expected);
    assert_eq!(format!("{names:?}"), format!("{expected:?}"));
    drop(app);
}
