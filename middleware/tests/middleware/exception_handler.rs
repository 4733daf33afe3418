//! What is a failure, and what is answered in its place.

use std::convert::Infallible;

use http::{HeaderMap, Response, StatusCode, header};
use tower_layer::Layer as _;
use transom::features::PathBase;
use transom::pipeline::{Failure, IntoResponse};
use transom::{ApplicationBuilder, Body, Request, RequestExt};
use transom_middleware::exception_handler::{ExceptionHandlerLayer, Reexecution};

use crate::support::{logged, run, send, text};

async fn failing(_: Request) -> Result<&'static str, Failure> {
    Err(std::io::Error::other("a secret"))?
}

async fn panicking(_: Request) -> &'static str {
    panic!("a secret")
}

fn get(path: &str) -> http::Request<Body> {
    http::Request::get(path).body(Body::empty()).unwrap()
}

fn handled() -> ApplicationBuilder {
    ApplicationBuilder::new().layer(ExceptionHandlerLayer::new())
}

#[test]
fn a_failure_and_a_panic_get_a_problem_that_says_nothing_of_the_error() {
    run(async {
        for app in [handled().run_fn(failing), handled().run_fn(panicking)] {
            let response = send(app, get("/")).await;
            assert_eq!(response.status(), 500);
            assert_eq!(response.headers()["cache-control"], "no-store");
            assert_eq!(
                response.headers()["content-type"],
                "application/problem+json"
            );
            assert!(response.extensions().get::<Failure>().is_none());
            let problem = text(response).await;
            assert!(problem.contains(r#""title":"Internal Server Error","status":500"#));
            assert!(!problem.contains("secret"), "{problem}");
        }
    });
}

#[test]
fn an_error_of_a_layer_is_a_failure_with_its_status() {
    run(async {
        let late = tower::timeout::TimeoutLayer::new(std::time::Duration::from_millis(1));
        let app = handled().layer(late);
        let app = app.run_fn(|_| std::future::pending::<&str>());
        let response = send(app, get("/")).await;
        assert_eq!(response.status(), 504);
        assert!(
            text(response)
                .await
                .contains(r#""title":"Gateway Timeout""#)
        );
    });
}

#[test]
fn an_error_that_is_the_clients_is_answered_with_its_status_alone() {
    run(async {
        let app = handled().run_fn(|request: Request| request.into_body().collect(3));
        let request = http::Request::post("/").body(Body::from("long"));
        let response = send(app, request.unwrap()).await;
        assert_eq!(response.status(), 413);
        assert_eq!(text(response).await, "");

        let service = tower::service_fn(|_: http::Request<()>| async {
            Err::<Response<String>, _>(transom::body::Error::length_limit(3))
        });
        let service = ExceptionHandlerLayer::new().layer(service);
        let answer = tower::ServiceExt::oneshot(service, http::Request::new(()));
        let response = answer.await.unwrap();
        assert_eq!((response.status().as_u16(), &**response.body()), (413, ""));
    });
}

#[test]
fn what_an_application_answers_by_itself_passes() {
    run(async {
        for status in [200, 404, 500, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            let app = handled().run_fn(move |_| async move { (status, "mine") });
            let response = send(app, get("/")).await;
            assert_eq!(response.status(), status);
            assert!(!response.headers().contains_key("cache-control"));
            assert_eq!(text(response).await, "mine");
        }
    });
}

#[test]
fn an_answer_that_has_begun_is_not_answered_again() {
    run(async {
        let app = handled().run_fn(|_| async {
            let chunks = [Ok("begun"), Err(std::io::Error::other("broken"))];
            let chunks = chunks.map(|chunk| chunk.map(bytes::Bytes::from));
            Body::from_stream(futures_util::stream::iter(chunks))
        });
        let response = send(app, get("/")).await;
        assert_eq!(response.status(), 200);
        response.into_body().collect(64).await.unwrap_err();
    });
}

#[test]
fn each_failure_is_logged_once() {
    for app in [handled().run_fn(failing), handled().run_fn(panicking)] {
        let log = logged(|| run(async { send(app, get("/")).await }));
        assert_eq!(log.matches("ERROR").count(), 1, "{log}");
        assert!(log.contains("a secret"), "{log}");
    }
}

#[test]
fn a_function_gets_the_failure_and_the_request_and_answers() {
    run(async {
        let layer = ExceptionHandlerLayer::with_function(|failure, request| async move {
            let told = format!(
                "{} at {} {:?}",
                failure.error(),
                request.uri(),
                failure.stage()
            );
            (StatusCode::BAD_GATEWAY, told).into_response()
        });
        let app = ApplicationBuilder::new().layer(layer).run_fn(failing);
        let response = send(app, get("/a?b")).await;
        assert_eq!(response.status(), 502);
        assert_eq!(text(response).await, r#"a secret at /a?b Some("run_fn")"#);
    });
}

/// Fails, or is the page: says how it was asked for, and what was before.
async fn page(request: Request) -> Result<Response<Body>, Failure> {
    let Some(before) = request.feature::<Reexecution>() else {
        Err(std::io::Error::other("a secret"))?
    };
    let mut told = format!(
        "{} {} | {} {} {} {} {}",
        request.method(),
        request.uri(),
        before.method(),
        before.path_base().map_or("", PathBase::as_str),
        before.uri(),
        before.status(),
        before
            .failure()
            .is_some_and(|failure| failure.error().to_string() == "a secret"),
    );
    for name in [
        "content-length",
        "content-type",
        "if-none-match",
        "range",
        "x-kept",
    ] {
        told += if request.headers().contains_key(name) {
            " yes"
        } else {
            " no"
        };
    }
    let query = request.uri().query();
    if query == Some("fail") {
        Err(std::io::Error::other("a page failed"))?;
    }
    let status = query.and_then(|query| query.parse().ok()).unwrap_or(200);
    let response = Response::builder().status(status);
    Ok(response.body(told.into()).unwrap())
}

fn paged(path: &str) -> transom::App {
    let layer = ExceptionHandlerLayer::at(path).unwrap();
    let app = ApplicationBuilder::new().use_path_base("/app").layer(layer);
    app.run_fn(page)
}

#[test]
fn a_page_is_got_by_the_same_request_and_knows_what_it_was() {
    run(async {
        let request = http::Request::put("/app/x?y")
            .header("content-type", "text/plain")
            .header("if-none-match", "*")
            .header("range", "bytes=0-1")
            .header("x-kept", "1")
            .body(Body::from("content"));
        let response = send(paged("/error?from={}"), request.unwrap()).await;
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let expected =
            "GET /error?from=500 | PUT /app /x?y 500 Internal Server Error true no no no no yes";
        assert_eq!(text(response).await, expected);
    });
}

#[test]
fn the_status_is_that_of_the_failure_unless_the_page_is_an_error_of_its_own() {
    run(async {
        for (path, status) in [
            ("/error", 500),
            ("/error?204", 500),
            ("/error?302", 500),
            ("/error?503", 503),
            ("/error?410", 410),
        ] {
            let response = send(paged(path), get("/x")).await;
            assert_eq!(response.status().as_u16(), status, "{path}");
        }
    });
}

#[test]
fn without_a_page_or_with_one_that_fails_the_answer_is_empty_and_nothing_is_run_a_third_time() {
    run(async {
        for path in ["/error?404", "/error?fail"] {
            let response = send(paged(path), get("/x")).await;
            assert_eq!(response.status(), 500, "{path}");
            assert_eq!(text(response).await, "", "{path}");
        }
    });
}

#[test]
fn a_path_that_is_none_is_refused_at_once() {
    for path in ["", "error", "/a b", "/a#b", "/{status}", "/{0}"] {
        let error = ExceptionHandlerLayer::at(path).unwrap_err().to_string();
        let expected = format!("`{path}` is not the path of an error page: write it like `/error`");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn outside_of_transom_an_error_of_the_service_is_answered() {
    run(async {
        let service = tower::service_fn(|_: http::Request<()>| async {
            Err::<Response<String>, _>(std::io::Error::other("a secret"))
        });
        let service = ExceptionHandlerLayer::new().layer(service);
        let request = http::Request::get("/")
            .header("accept", "text/plain")
            .header(
                "traceparent",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            );
        let answer = tower::ServiceExt::oneshot(service, request.body(()).unwrap());
        let response = answer.await.unwrap();
        assert_eq!(response.status(), 500);
        let expected = "500 Internal Server Error\ntraceId: 4bf92f3577b34da6a3ce929d0e0e4736\n";
        assert_eq!(response.body(), expected);
    });
}

#[test]
fn what_passes_costs_no_field() {
    run(async {
        let service = tower::service_fn(|_: http::Request<()>| async {
            Ok::<_, Infallible>(Response::new(String::from("fine")))
        });
        let service = ExceptionHandlerLayer::new().layer(service);
        let answer = tower::ServiceExt::oneshot(service, http::Request::new(()));
        let response = answer.await.unwrap();
        assert_eq!(response.headers(), &HeaderMap::new());
        assert_eq!(response.body(), "fine");
    });
}
