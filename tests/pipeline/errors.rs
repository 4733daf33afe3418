//! What becomes of errors between two stages, and of readiness.

use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, Ready, join, ready};
use http::StatusCode;
use tower::layer::layer_fn;
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, Service, ServiceBuilder, timeout::TimeoutLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use transom::body::{self, BoxError};
use transom::features::{MaxRequestBodySize, RequestExt};
use transom::pipeline::Next;
use transom::{App, Application, ApplicationBuilder, Body, Request, Response};

use super::support::{answer, get, post, run, text};

/// A service that fails with whatever it is given, called or asked whether it is ready.
#[derive(Clone)]
struct Failing {
    error: fn() -> BoxError,
    ready: bool,
}

impl Service<Request> for Failing {
    type Response = Response;
    type Error = BoxError;
    type Future = Ready<Result<Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(match self.ready {
            true => Ok(()),
            false => Err((self.error)()),
        })
    }

    fn call(&mut self, _: Request) -> Self::Future {
        assert!(self.ready, "called although it was not ready");
        ready(Err((self.error)()))
    }
}

fn failing(error: fn() -> BoxError) -> impl Layer<Next, Service = Failing> + Clone + Send {
    layer_fn(move |_| Failing { error, ready: true })
}

fn never_ready(error: fn() -> BoxError) -> impl Layer<Next, Service = Failing> + Clone + Send {
    layer_fn(move |_| Failing {
        error,
        ready: false,
    })
}

const SECRET: &str = "password=hunter2";

/// An error around another, as libraries make them.
#[derive(Debug)]
struct Around(BoxError);

impl std::fmt::Display for Around {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(SECRET)
    }
}

impl std::error::Error for Around {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

#[test]
fn the_error_of_a_layer_becomes_a_bare_response_that_never_has_its_text() {
    run(async {
        let known: [(fn() -> BoxError, u16); 8] = [
            (|| SECRET.into(), 500),
            (|| Box::new(Around(SECRET.into())), 500),
            (|| Box::new(body::Error::new(SECRET)), 500),
            (|| Box::new(body::Error::length_limit(5)), 413),
            (|| Box::new(body::Error::timeout()), 408),
            (|| Box::new(body::Error::disconnected()), 400),
            (|| Box::new(tower::timeout::error::Elapsed::new()), 504),
            (|| Box::new(tower::load_shed::error::Overloaded::new()), 503),
        ];
        for (error, status) in known {
            let called = ApplicationBuilder::new().layer(failing(error)).build();
            let asked = ApplicationBuilder::new().layer(never_ready(error)).build();
            for app in [called, asked] {
                let response = app.call(get("/")).await;
                assert_eq!(response.status(), status, "{:?}", error());
                assert!(response.headers().is_empty(), "{response:?}");
                assert_eq!(text(response).await, "");
            }
        }
    });
}

#[test]
fn a_known_error_is_found_behind_others() {
    run(async {
        let known: [(fn() -> BoxError, u16); 3] = [
            (
                || {
                    Box::new(Around(Box::new(Around(Box::new(
                        body::Error::length_limit(5),
                    )))))
                },
                413,
            ),
            (
                || Box::new(body::Error::new(Around(Box::new(body::Error::timeout())))),
                408,
            ),
            (
                || Box::new(Around(Box::new(tower::timeout::error::Elapsed::new()))),
                504,
            ),
        ];
        for (error, status) in known {
            let app = ApplicationBuilder::new().layer(failing(error)).build();
            assert_eq!(answer(&app, "/").await, (status, String::new()));
        }
    });
}

/// Ends a pipeline with a service that fails with what the body fails with.
fn reading(app: ApplicationBuilder, limit: usize) -> App {
    app.run(tower::service_fn(move |request: Request| async move {
        let bytes = request.into_body().collect(limit).await?;
        Ok::<_, body::Error>(Response::new(Body::from(bytes)))
    }))
}

fn chunks<const N: usize>(chunks: [&'static str; N]) -> Body {
    Body::from_stream(futures_util::stream::iter(chunks.map(Ok::<_, Infallible>)))
}

#[test]
fn a_body_over_the_limit_of_its_reader_is_413() {
    run(async {
        let app = reading(ApplicationBuilder::new(), 5);
        assert_eq!(text(app.call(post("12345")).await).await, "12345");
        for body in [Body::from("123456"), chunks(["123", "456"])] {
            let response = app.call(post(body)).await;
            assert_eq!(response.status(), 413);
            assert_eq!(text(response).await, "");
        }
    });
}

#[test]
fn a_body_over_the_limit_of_tower_http_is_413() {
    run(async {
        let app = || ApplicationBuilder::new().layer(RequestBodyLimitLayer::new(5));
        let app = reading(app(), 100);
        assert_eq!(
            text(app.call(post(chunks(["12", "345"]))).await).await,
            "12345"
        );
        assert_eq!(app.call(post(chunks(["123", "456"]))).await.status(), 413);
        // An announced length is refused by the layer itself, with a response of its own.
        let mut announced = post("123456");
        announced.headers_mut().insert("content-length", 6.into());
        assert_eq!(app.call(announced).await.status(), 413);
    });
}

#[test]
fn a_body_over_the_limit_of_the_server_is_413() {
    run(async {
        use transom::adapter::Dispatcher;
        use transom::features::{ConnectionInfo, Scheme, Transport};

        let app = reading(ApplicationBuilder::new(), 100);
        let (_trigger, shutdown) = transom::Shutdown::pair();
        let dispatcher = Dispatcher::new(app, transom::Features::new(), &shutdown)
            .with_max_request_body_size(Some(5));
        let connection =
            dispatcher.connection(ConnectionInfo::new(Transport::Memory), Scheme::Http);
        for (body, status) in [
            (Body::from("12345"), 200),
            (Body::from("123456"), 413),
            (chunks(["123", "456"]), 413),
        ] {
            let response = dispatcher
                .call(&connection, post(body))
                .run()
                .await
                .unwrap();
            assert_eq!(response.status(), status);
        }
    });
}

#[test]
fn a_stage_may_raise_the_limit_of_the_server_until_the_body_is_read() {
    run(async {
        use transom::adapter::Dispatcher;
        use transom::features::{ConnectionInfo, Scheme, Transport};

        let app = reading(
            ApplicationBuilder::new().use_fn(|request: Request, next: Next| {
                let limit = request.feature::<MaxRequestBodySize>().unwrap();
                limit.set(Some(6)).unwrap();
                next.run(request)
            }),
            100,
        );
        let (_trigger, shutdown) = transom::Shutdown::pair();
        let dispatcher = Dispatcher::new(app, transom::Features::new(), &shutdown)
            .with_max_request_body_size(Some(5));
        let connection =
            dispatcher.connection(ConnectionInfo::new(Transport::Memory), Scheme::Http);
        for (body, status) in [("123456", 200), ("1234567", 413)] {
            let call = dispatcher.call(&connection, post(body));
            assert_eq!(call.run().await.unwrap().status(), status);
        }
    });
}

#[test]
fn a_function_may_return_the_error_of_a_body() {
    run(async {
        let app = ApplicationBuilder::new().run_fn(|request: Request| async {
            let bytes = request.into_body().collect(5).await?;
            Ok::<Bytes, body::Error>(bytes)
        });
        assert_eq!(text(app.call(post("12345")).await).await, "12345");
        let response = app.call(post("123456")).await;
        assert_eq!(response.status(), 413);
        assert_eq!(text(response).await, "");

        let broken = futures_util::stream::iter([Err::<Bytes, _>(SECRET)]);
        let response = app.call(post(Body::from_stream(broken))).await;
        assert_eq!(response.status(), 500);
        assert_eq!(text(response).await, "");
    });
}

#[test]
fn a_body_that_comes_too_slowly_is_408() {
    run(async {
        tokio::time::pause();
        let app =
            ApplicationBuilder::new().layer(RequestBodyTimeoutLayer::new(Duration::from_secs(3)));
        let app = reading(app, 100);
        let stalls = futures_util::stream::pending::<Result<Bytes, Infallible>>();
        let response = app.call(post(Body::from_stream(stalls))).await;
        assert_eq!(response.status(), 408);
    });
}

#[test]
fn a_pipeline_that_takes_too_long_is_504() {
    run(async {
        tokio::time::pause();
        let app = ApplicationBuilder::new()
            .layer(TimeoutLayer::new(Duration::from_secs(3)))
            .run_fn(|_| std::future::pending::<StatusCode>());
        assert_eq!(answer(&app, "/").await, (504, String::new()));
    });
}

#[test]
fn a_service_at_the_end_has_its_errors_mapped_too() {
    run(async {
        let app = ApplicationBuilder::new().run(Failing {
            error: || Box::new(tower::timeout::error::Elapsed::new()),
            ready: true,
        });
        assert_eq!(answer(&app, "/").await, (504, String::new()));
    });
}

#[test]
fn a_mapper_of_ones_own_serves_every_stage_branches_and_detours_included() {
    run(async {
        let secret = || failing(|| SECRET.into());
        let mapper = || {
            ApplicationBuilder::with_error_mapper(|error| {
                (
                    StatusCode::IM_A_TEAPOT,
                    format!("{} bytes", error.to_string().len()),
                )
            })
        };
        let mapped = (418, "16 bytes".to_owned());
        let apps = [
            mapper().layer(secret()).build(),
            mapper()
                .map("", |branch| branch.layer(secret()).build())
                .build(),
            mapper()
                .map_when(|_| true, |branch| branch.layer(secret()).build())
                .build(),
            mapper()
                .use_when(|_| true, |detour| detour.layer(secret()))
                .build(),
            mapper().run(Failing {
                error: || SECRET.into(),
                ready: true,
            }),
        ];
        for app in apps {
            assert_eq!(answer(&app, "/").await, mapped, "{app:?}");
        }
    });
}

#[test]
fn layer_with_maps_the_errors_of_its_one_layer() {
    run(async {
        let app = |which: &'static str| {
            ApplicationBuilder::new()
                .layer_with(
                    layer_fn(move |next| Gate {
                        shut: which == "outer",
                        next,
                    }),
                    |_| (StatusCode::BAD_GATEWAY, "outer"),
                )
                .layer_with(
                    layer_fn(move |next| Gate {
                        shut: which == "inner",
                        next,
                    }),
                    |_| (StatusCode::IM_A_TEAPOT, "inner"),
                )
                .layer(layer_fn(move |next| Gate {
                    shut: which == "plain",
                    next,
                }))
                .run_fn(|_| async { "open" })
        };
        assert_eq!(answer(&app("outer"), "/").await, (502, "outer".into()));
        assert_eq!(answer(&app("inner"), "/").await, (418, "inner".into()));
        assert_eq!(answer(&app("plain"), "/").await, (500, String::new()));
        assert_eq!(answer(&app("none"), "/").await, (200, "open".into()));
    });
}

/// Fails if it is shut, and is the rest of the pipeline otherwise.
#[derive(Clone)]
struct Gate {
    shut: bool,
    next: Next,
}

impl Service<Request> for Gate {
    type Response = Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { shut, next } = self.clone();
        Box::pin(async move {
            match shut {
                true => Err(SECRET.into()),
                false => Ok(next.run(request).await),
            }
        })
    }
}

#[test]
fn an_error_that_became_a_response_passes_the_stages_outside_of_it() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_fn(|request, next: Next| async move {
                let inside = next.run(request).await;
                (inside.status(), "seen")
            })
            .layer(failing(|| Box::new(tower::timeout::error::Elapsed::new())))
            .build();
        assert_eq!(answer(&app, "/").await, (504, "seen".into()));
    });
}

/// A pipeline whose end says that it was reached, and waits to be released.
fn held(app: ApplicationBuilder) -> (App, tokio::sync::mpsc::UnboundedReceiver<Release>) {
    let (reached, requests) = tokio::sync::mpsc::unbounded_channel();
    let app = app.run_fn(move |_| {
        let (release, released) = tokio::sync::oneshot::channel();
        reached.send(release).unwrap();
        async move {
            released.await.unwrap();
            "done"
        }
    });
    (app, requests)
}

type Release = tokio::sync::oneshot::Sender<()>;

#[test]
fn a_limit_that_clones_share_queues_the_requests() {
    run(async {
        let app = ApplicationBuilder::new().layer(ConcurrencyLimitLayer::new(1));
        let (app, mut requests) = held(app);
        let both = tokio::spawn({
            let app = app.clone();
            async move { join(answer(&app, "/1"), answer(&app, "/2")).await }
        });
        let first = requests.recv().await.unwrap();
        tokio::task::yield_now().await;
        assert!(requests.try_recv().is_err(), "the second has to wait");
        first.send(()).unwrap();
        requests.recv().await.unwrap().send(()).unwrap();
        let done = (200, "done".to_owned());
        assert_eq!(both.await.unwrap(), (done.clone(), done));
    });
}

#[test]
fn a_request_that_is_dropped_in_the_queue_gives_its_place_back() {
    run(async {
        let app = ApplicationBuilder::new().layer(ConcurrencyLimitLayer::new(1));
        let (app, mut requests) = held(app);
        let first = tokio::spawn({
            let app = app.clone();
            async move { answer(&app, "/1").await }
        });
        let release = requests.recv().await.unwrap();
        let queued = tokio::spawn({
            let app = app.clone();
            async move { answer(&app, "/2").await }
        });
        tokio::task::yield_now().await;
        queued.abort();
        assert!(queued.await.unwrap_err().is_cancelled());
        release.send(()).unwrap();
        first.await.unwrap();
        let third = tokio::spawn(async move { answer(&app, "/3").await });
        requests.recv().await.unwrap().send(()).unwrap();
        assert_eq!(third.await.unwrap().0, 200);
    });
}

#[test]
fn load_shed_refuses_what_a_limit_would_queue() {
    run(async {
        let stack = ServiceBuilder::new().load_shed().concurrency_limit(1);
        let (app, mut requests) = held(ApplicationBuilder::new().layer(stack.into_inner()));
        let first = tokio::spawn({
            let app = app.clone();
            async move { answer(&app, "/1").await }
        });
        let release = requests.recv().await.unwrap();
        assert_eq!(answer(&app, "/2").await, (503, String::new()));
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), (200, "done".into()));
    });
}

#[test]
fn a_service_that_was_not_ready_is_asked_again_for_the_next_request() {
    run(async {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};

        #[derive(Clone)]
        struct Warming(Arc<AtomicUsize>);
        impl Service<Request> for Warming {
            type Response = Response;
            type Error = BoxError;
            type Future = Ready<Result<Response, BoxError>>;
            fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
                match self.0.fetch_add(1, Ordering::Relaxed) {
                    0 => Poll::Ready(Err("cold".into())),
                    1 => {
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }
                    _ => Poll::Ready(Ok(())),
                }
            }
            fn call(&mut self, _: Request) -> Self::Future {
                ready(Ok(Response::new(Body::from("warm"))))
            }
        }
        let app = ApplicationBuilder::new().run(Warming(Arc::default()));
        assert_eq!(answer(&app, "/").await, (500, String::new()));
        assert_eq!(answer(&app, "/").await, (200, "warm".into()));
    });
}
