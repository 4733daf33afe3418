//! The error behind a response, and the stage that it is of.

use std::backtrace::BacktraceStatus;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::StatusCode;
use tower::timeout::TimeoutLayer;
use tower::{Layer, Service};
use tower_http::catch_panic::CatchPanicLayer;
use transom::body;
use transom::pipeline::{Failure, IntoResponse, Next};
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

/// A layer that panics: when it is called, or when what it calls has answered.
#[derive(Clone)]
struct Panics<S> {
    inner: S,
    at_once: bool,
}

impl<S> Panics<S> {
    fn layer(at_once: bool) -> impl Layer<S, Service = Self> + Send {
        tower::layer::layer_fn(move |inner| Self { inner, at_once })
    }
}

impl Service<Request> for Panics<Next> {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        assert!(!self.at_once, "a mistake");
        let answer = self.inner.call(request);
        Box::pin(async {
            answer.await?;
            panic!("a mistake")
        })
    }
}

#[test]
fn the_stage_that_panicked_is_named_and_not_the_one_before_it() {
    async fn mistaken(_: Request) -> Response {
        panic!("a mistake")
    }
    let outside = || {
        ApplicationBuilder::new()
            .layer(late())
            .use_fn(|request, next| next.run(request))
    };
    for (app, name) in [
        (outside().run_fn(mistaken), Some("run_fn")),
        (outside().run(mistaken), Some("run mistaken")),
        (
            outside().run(tower::service_fn(|request| async {
                Ok::<_, Infallible>(mistaken(request).await)
            })),
            Some("run ServiceFn"),
        ),
        (
            outside().use_fn(|request, _| mistaken(request)).build(),
            Some("use_fn"),
        ),
        (
            outside().layer(Panics::layer(true)).build(),
            Some("layer LayerFn"),
        ),
        (
            outside().layer(Panics::layer(false)).build(),
            Some("layer LayerFn"),
        ),
        (
            outside().map("", |root| root.run_fn(mistaken)).build(),
            Some("run_fn"),
        ),
        // These have no name of a stage.
        (outside().run(App::new(mistaken)), None),
        (
            outside()
                .map_when(|_| panic!("a mistake"), ApplicationBuilder::build)
                .build(),
            None,
        ),
    ] {
        let failure = run(Failure::catch(app.call(get("/")))).unwrap_err();
        assert_eq!(failure.stage(), name, "{app:?}");
        assert_eq!(
            failure.error().to_string(),
            "the application panicked: a mistake"
        );
        assert_eq!(failure.status(), 500);
    }
}

#[test]
fn a_panic_that_somebody_else_caught_is_not_remembered() {
    let mistaken = || {
        ApplicationBuilder::new().run_fn(|_| async {
            if true {
                panic!("a mistake")
            }
        })
    };
    let app = ApplicationBuilder::new()
        .layer(CatchPanicLayer::new())
        .run(mistaken());
    assert_eq!(run(app.call(get("/"))).status(), 500);
    let failure = run(Failure::catch(async { panic!("another") }))
        .map(|(): ()| ())
        .unwrap_err();
    assert_eq!(failure.stage(), None);
    assert_eq!(
        failure.error().to_string(),
        "the application panicked: another"
    );
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
