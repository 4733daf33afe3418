//! Layers of tower-http, each as a stage, and all of them as one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::get as get_route;
use http::{HeaderValue, Method, StatusCode, header};
use tower::ServiceBuilder;
use tower_http::add_extension::AddExtensionLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::normalize_path::NormalizePathLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::sensitive_headers::SetSensitiveHeadersLayer;
use tower_http::set_header::{SetRequestHeaderLayer, SetResponseHeaderLayer};
use tower_http::timeout::{RequestBodyTimeoutLayer, ResponseBodyTimeoutLayer, TimeoutLayer};
use tower_http::trace::TraceLayer;
use transom::features::{PathBase, RequestExt};
use transom::{Application, ApplicationBuilder, Body, Request};

use super::support::{answer, get, ok, place, post, request, run, say, text};

#[test]
fn trace_sees_the_request_and_the_response() {
    run(async {
        let seen = Arc::new(Mutex::new(String::new()));
        let layer = {
            let (on_request, on_response) = (seen.clone(), seen.clone());
            TraceLayer::new_for_http()
                .on_request(move |request: &Request, _: &tracing::Span| {
                    on_request.lock().unwrap().push_str(request.uri().path());
                })
                .on_response(
                    move |response: &transom::Response, _: Duration, _: &tracing::Span| {
                        let status = response.status().as_u16();
                        on_response.lock().unwrap().push_str(&format!(" {status}"));
                    },
                )
        };
        let app = ApplicationBuilder::new().layer(layer).run_fn(place);
        assert_eq!(say(&app, "/x").await, "[][/x]");
        assert_eq!(*seen.lock().unwrap(), "/x 200");
    });
}

#[test]
fn compression_shrinks_what_the_rest_answers() {
    run(async {
        let app = ApplicationBuilder::new()
            .layer(CompressionLayer::new())
            .run_fn(|_| async { "a".repeat(10_000) });
        let plain = app.call(get("/")).await;
        assert_eq!(text(plain).await.len(), 10_000);
        let asking = request(http::Request::get("/").header("accept-encoding", "gzip"));
        let response = app.call(asking).await;
        assert_eq!(response.headers()["content-encoding"], "gzip");
        let bytes = response.into_body().collect(10_000).await.unwrap();
        assert!(bytes.starts_with(&[0x1f, 0x8b]) && bytes.len() < 500);
    });
}

#[test]
fn cors_answers_the_preflight_itself() {
    run(async {
        let app = ApplicationBuilder::new()
            .layer(CorsLayer::permissive())
            .run_fn(|_| async { StatusCode::IM_A_TEAPOT });
        let preflight = http::Request::builder()
            .method(Method::OPTIONS)
            .uri("/")
            .header("origin", "http://example.com")
            .header("access-control-request-method", "PUT");
        let response = app.call(request(preflight)).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert_eq!(app.call(get("/")).await.status(), 418);
    });
}

#[test]
fn request_ids_are_set_and_propagated() {
    run(async {
        let app = ApplicationBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(PropagateRequestIdLayer::x_request_id())
            .run_fn(|request: Request| async move {
                request.headers()["x-request-id"]
                    .to_str()
                    .unwrap()
                    .to_owned()
            });
        let response = app.call(get("/")).await;
        let id = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(id.len(), 36);
        assert_eq!(text(response).await, id);
    });
}

#[test]
fn headers_are_set_on_the_way_in_and_out() {
    run(async {
        let value = HeaderValue::from_static;
        let app = ApplicationBuilder::new()
            .layer(SetRequestHeaderLayer::overriding(header::TE, value("in")))
            .layer(SetResponseHeaderLayer::if_not_present(
                header::SERVER,
                value("out"),
            ))
            .run_fn(|request: Request| async move {
                request.headers()[header::TE].to_str().unwrap().to_owned()
            });
        let response = app.call(get("/")).await;
        assert_eq!(response.headers()[header::SERVER], "out");
        assert_eq!(text(response).await, "in");
    });
}

#[test]
fn a_timeout_answers_for_a_pipeline_that_does_not() {
    run(async {
        tokio::time::pause();
        let limit = Duration::from_secs(3);
        let app = ApplicationBuilder::new()
            .layer(TimeoutLayer::with_status_code(
                StatusCode::GATEWAY_TIMEOUT,
                limit,
            ))
            .run_fn(|_| std::future::pending::<()>());
        assert_eq!(answer(&app, "/").await.0, 504);
    });
}

#[test]
fn a_response_body_that_stalls_is_an_error_of_the_body() {
    run(async {
        tokio::time::pause();
        let app = ApplicationBuilder::new()
            .layer(ResponseBodyTimeoutLayer::new(Duration::from_secs(3)))
            .run_fn(|_| async {
                let stalls =
                    futures_util::stream::pending::<Result<&'static str, std::io::Error>>();
                Body::from_stream(stalls)
            });
        let response = app.call(get("/")).await;
        assert_eq!(response.status(), 200);
        assert!(response.into_body().collect(64).await.is_err());
    });
}

#[test]
fn a_panic_is_caught_inside_the_pipeline() {
    run(async {
        let app = ApplicationBuilder::new()
            .layer(CatchPanicLayer::new())
            .run_fn(|request: Request| async move {
                assert!(request.uri().path() != "/panic", "oh");
                "calm"
            });
        assert_eq!(answer(&app, "/panic").await.0, 500);
        assert_eq!(answer(&app, "/").await, (200, "calm".into()));
    });
}

#[test]
fn sensitive_headers_are_marked() {
    run(async {
        let app = ApplicationBuilder::new()
            .layer(SetSensitiveHeadersLayer::new([header::AUTHORIZATION]))
            .run_fn(|request: Request| async move {
                format!("{:?}", request.headers()[header::AUTHORIZATION])
            });
        let request = request(http::Request::get("/").header("authorization", "secret"));
        assert_eq!(text(app.call(request).await).await, "Sensitive");
    });
}

#[test]
fn a_path_is_normalized_before_it_is_routed() {
    run(async {
        let router = axum::Router::new().route("/users", get_route(|| async { "users" }));
        let app = ApplicationBuilder::new()
            .layer(NormalizePathLayer::trim_trailing_slash())
            .map("/api", |api| api.run(router.clone()))
            .run(router);
        for path in ["/users", "/users/", "/users///", "/api/users/"] {
            assert_eq!(answer(&app, path).await, (200, "users".into()), "{path}");
        }
    });
}

#[test]
fn extensions_of_a_layer_and_features_survive_the_other() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_fn(|mut request: Request, next| {
                request
                    .features_mut()
                    .insert(PathBase::new("/base").unwrap());
                transom::pipeline::Next::run(next, request)
            })
            .layer(AddExtensionLayer::new("shared"))
            .layer(RequestBodyLimitLayer::new(100))
            .layer(CompressionLayer::new())
            .run_fn(|request: Request| async move {
                let extension = request.extensions().get::<&'static str>().copied();
                format!("{extension:?} {}", place(request).await)
            });
        assert_eq!(say(&app, "/x").await, r#"Some("shared") [/base][/x]"#);
    });
}

#[test]
fn every_layer_at_once_one_stage_each_or_one_stage_for_all() {
    run(async {
        let id = SetRequestIdLayer::x_request_id(MakeRequestUuid);
        let server =
            SetResponseHeaderLayer::overriding(header::SERVER, HeaderValue::from_static("t"));
        let limit = Duration::from_secs(5);
        let end = |request: Request| async {
            let bytes = request.into_body().collect(100).await?;
            Ok::<_, transom::body::Error>(bytes)
        };

        let stages = ApplicationBuilder::new()
            .layer(SetSensitiveHeadersLayer::new([header::AUTHORIZATION]))
            .layer(id.clone())
            .layer(TraceLayer::new_for_http())
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(server.clone())
            .layer(CompressionLayer::new())
            .layer(CatchPanicLayer::new())
            .layer(ResponseBodyTimeoutLayer::new(limit))
            .layer(RequestBodyLimitLayer::new(8))
            .layer(RequestBodyTimeoutLayer::new(limit))
            .layer(CorsLayer::permissive())
            .layer(TimeoutLayer::with_status_code(
                StatusCode::GATEWAY_TIMEOUT,
                limit,
            ))
            .layer(NormalizePathLayer::trim_trailing_slash())
            .layer(AddExtensionLayer::new(7_u8))
            .run_fn(end);
        let stack = ApplicationBuilder::new()
            .layer(
                ServiceBuilder::new()
                    .layer(SetSensitiveHeadersLayer::new([header::AUTHORIZATION]))
                    .layer(id)
                    .layer(TraceLayer::new_for_http())
                    .layer(PropagateRequestIdLayer::x_request_id())
                    .layer(server)
                    .layer(CompressionLayer::new())
                    .layer(CatchPanicLayer::new())
                    .layer(ResponseBodyTimeoutLayer::new(limit))
                    .layer(RequestBodyLimitLayer::new(8))
                    .layer(RequestBodyTimeoutLayer::new(limit))
                    .layer(CorsLayer::permissive())
                    .layer(TimeoutLayer::with_status_code(
                        StatusCode::GATEWAY_TIMEOUT,
                        limit,
                    ))
                    .layer(NormalizePathLayer::trim_trailing_slash())
                    .layer(AddExtensionLayer::new(7_u8)),
            )
            .run_fn(end);

        for app in [stages, stack] {
            let response = app.call(post("12345678")).await;
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["server"], "t");
            assert!(response.headers().contains_key("x-request-id"));
            assert_eq!(text(response).await, "12345678");
            assert_eq!(app.call(post("123456789")).await.status(), 413);
        }
    });
}

#[test]
fn a_layer_on_a_branch_leaves_the_rest_alone() {
    run(async {
        let server =
            SetResponseHeaderLayer::overriding(header::SERVER, HeaderValue::from_static("t"));
        let app = ApplicationBuilder::new()
            .map("/in", |branch| branch.layer(server).run_fn(ok))
            .run_fn(ok);
        assert!(app.call(get("/in")).await.headers().contains_key("server"));
        assert!(!app.call(get("/out")).await.headers().contains_key("server"));
    });
}
