//! Stages run in the order in which they are written.

use std::task::{Context, Poll};

use tower::Service;
use tower::layer::layer_fn;
use transom::pipeline::Next;
use transom::{Application, ApplicationBuilder, Body, Request, Response};

use super::support::{Diary, answer, get, ok, run, say};

/// A layer by hand that notes when it is called and when it is answered.
#[derive(Clone)]
struct Noting {
    name: &'static str,
    diary: Diary,
    next: Next,
}

impl Service<Request> for Noting {
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = futures_util::future::BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { name, diary, next } = self.clone();
        diary.note(format!("{name}>"));
        Box::pin(async move {
            let response = next.run(request).await;
            diary.note(format!("<{name}"));
            Ok(response)
        })
    }
}

fn noting(app: ApplicationBuilder, name: &'static str, diary: &Diary) -> ApplicationBuilder {
    let diary = diary.clone();
    app.layer(layer_fn(move |next| Noting {
        name,
        diary: diary.clone(),
        next,
    }))
}

fn noting_fn(app: ApplicationBuilder, name: &'static str, diary: &Diary) -> ApplicationBuilder {
    let diary = diary.clone();
    app.use_fn(move |request, next| {
        let diary = diary.clone();
        async move {
            diary.note(format!("{name}>"));
            let response = next.run(request).await;
            diary.note(format!("<{name}"));
            response
        }
    })
}

#[test]
fn stages_run_in_written_order_and_the_response_passes_them_backwards() {
    run(async {
        let diary = Diary::default();
        let app = noting(ApplicationBuilder::new(), "layer", &diary);
        let app = noting_fn(app, "fn", &diary);
        let app = noting(app, "last", &diary);
        let end = diary.clone();
        let app = app.run_fn(move |_| {
            end.note("end");
            async {}
        });
        app.call(get("/")).await;
        assert_eq!(diary.read(), "layer> fn> last> end <last <fn <layer");
    });
}

#[test]
fn a_stage_that_does_not_call_next_ends_the_request() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_fn(|_, _| async { "early" })
            .use_fn(|_, _| async { "late" })
            .run_fn(|_| async { "too late" });
        assert_eq!(say(&app, "/").await, "early");
    });
}

#[test]
fn a_stage_may_change_the_request_and_the_response() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_fn(|mut request: Request, next: Next| async move {
                request.headers_mut().insert("x-in", "in".parse().unwrap());
                let mut response = next.run(request).await;
                let value = response.headers()["x-out"].clone();
                response.headers_mut().insert("x-seen", value);
                response
            })
            .run_fn(|request: Request| async move {
                let mut response = Response::new(Body::empty());
                let value = request.headers()["x-in"].clone();
                response.headers_mut().insert("x-out", value);
                response
            });
        assert_eq!(app.call(get("/")).await.headers()["x-seen"], "in");
    });
}

#[test]
fn a_stage_may_run_the_rest_more_than_once() {
    run(async {
        let diary = Diary::default();
        let end = diary.clone();
        let app = ApplicationBuilder::new()
            .use_fn(|_, next: Next| async move {
                next.clone().run(get("/first")).await;
                next.run(get("/second")).await
            })
            .run_fn(move |request: Request| {
                end.note(request.uri().path());
                async {}
            });
        app.call(get("/")).await;
        assert_eq!(diary.read(), "/first /second");
    });
}

#[test]
fn layers_are_made_once_and_the_last_one_first() {
    run(async {
        let diary = Diary::default();
        let mut app = ApplicationBuilder::new();
        for name in ["a", "b"] {
            let diary = diary.clone();
            app = app.layer(layer_fn(move |next: Next| {
                diary.note(name);
                next
            }));
        }
        assert_eq!(diary.read(), "", "nothing is made before the end is known");
        let app = app.run_fn(ok);
        app.call(get("/")).await;
        app.call(get("/")).await;
        assert_eq!(diary.read(), "b a");
    });
}

#[test]
fn a_pipeline_without_an_end_answers_404_with_no_content() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_fn(|request, next| next.run(request))
            .build();
        assert_eq!(answer(&app, "/").await, (404, String::new()));
        let empty = ApplicationBuilder::new().build();
        assert_eq!(answer(&empty, "/").await, (404, String::new()));
    });
}

#[test]
fn a_builder_passes_through_conditions_loops_and_functions() {
    run(async {
        let diary = Diary::default();
        let mut app = ApplicationBuilder::new();
        for name in ["one", "two"] {
            app = noting_fn(app, name, &diary);
        }
        if diary.read().is_empty() {
            app = noting_fn(app, "three", &diary);
        }
        app.run_fn(ok).call(get("/")).await;
        assert_eq!(diary.read(), "one> two> three> <three <two <one");
    });
}
