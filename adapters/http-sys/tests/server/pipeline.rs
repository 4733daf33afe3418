//! The pipeline of `examples/tour`: tower layers, a branch, and an axum router at the end.

use std::time::Duration;

use axum::extract::Path;
use axum::routing::{get, post};
use http::{HeaderName, HeaderValue};
use tower_http::request_id::{MakeRequestUuid, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use transom::features::PathBase;
use transom::{App, ApplicationBuilder, Request, RequestExt};

use crate::support::Running;

fn pipeline() -> App {
    let site = axum::Router::new()
        .route(
            "/hello/{name}",
            get(|Path(name): Path<String>| async move { format!("hello, {name}") }),
        )
        .route(
            "/echo",
            post(|body: String| async move { body.to_uppercase() }),
        );
    ApplicationBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static("x-hosted-by"),
            HeaderValue::from_static("transom"),
        ))
        .layer(TimeoutLayer::with_status_code(
            http::StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(5),
        ))
        .map("/about", |about| {
            about.run_fn(|request: Request| async move {
                let base = request.feature::<PathBase>().cloned().unwrap_or_default();
                format!("base `{base}`, path `{}`", request.uri().path())
            })
        })
        .run(site)
}

#[test]
fn the_pipeline_of_the_tour_gives_the_same_answers_as_elsewhere() {
    let server = Running::start(pipeline());
    let mut client = server.connect();
    for (method, target, body, status, content) in [
        ("GET", "/hello/you", "", 200, "hello, you"),
        ("POST", "/echo", "to be shouted", 200, "TO BE SHOUTED"),
        ("GET", "/About/us", "", 200, "base `/About`, path `/us`"),
        ("GET", "/nowhere", "", 404, ""),
    ] {
        let reply = client.ask(method, target, "", body.as_bytes());
        assert_eq!((reply.status, reply.text()), (status, content), "{target}");
        assert_eq!(reply.fields("x-hosted-by"), ["transom"]);
    }
    server.stop();
}
