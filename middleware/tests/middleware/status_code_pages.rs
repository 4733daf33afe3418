//! Which answers are filled in, and what with.

use http::{Response, StatusCode, header};
use transom::pipeline::IntoResponse;
use transom::{ApplicationBuilder, Body, Request, RequestExt};
use transom_middleware::status_code_pages::{NoStatusCodePage, Reexecution, StatusCodePagesLayer};

use crate::support::{run, send, text};

fn get(path: &str) -> http::Request<Body> {
    http::Request::get(path).body(Body::empty()).unwrap()
}

/// Sends an answer through the layer.
fn filled(response: http::response::Builder, body: &'static str) -> (Response<Body>, String) {
    let (mut head, _) = response.body(()).unwrap().into_parts();
    let extension = head.extensions.remove::<NoStatusCodePage>();
    let app = ApplicationBuilder::new().layer(StatusCodePagesLayer::new());
    let app = app.run_fn(move |_| {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = head.status;
        response.headers_mut().clone_from(&head.headers);
        if let Some(extension) = extension {
            response.extensions_mut().insert(extension);
        }
        async move { response }
    });
    run(async {
        let (head, body) = send(app, get("/")).await.into_parts();
        let body = body.collect(1 << 10).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        (Response::from_parts(head, Body::empty()), body)
    })
}

#[test]
fn an_error_without_a_body_gets_one_and_keeps_its_fields() {
    for status in [400, 404, 418, 500, 599] {
        let response = Response::builder()
            .status(status)
            .header("allow", "GET")
            .header("content-length", "0")
            .header("vary", "origin")
            .header("retry-after", "1");
        let (response, body) = filled(response, "");
        assert_eq!(response.status(), status);
        let headers = response.headers();
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers["allow"], "GET");
        assert_eq!(headers["retry-after"], "1");
        let vary: Vec<_> = headers.get_all("vary").iter().collect();
        assert_eq!(vary, ["origin", "accept"]);
        assert!(
            body.contains(&format!(r#""status":{status},"traceId":""#)),
            "{body}"
        );
    }
}

#[test]
fn everything_else_stays_as_it_is() {
    let empty = |status: u16| Response::builder().status(status);
    for response in [
        empty(200),
        empty(204),
        empty(304),
        empty(399),
        empty(404).header("content-type", "text/plain"),
        empty(404).header("content-encoding", "gzip"),
        empty(404).extension(NoStatusCodePage::default()),
    ] {
        let described = format!("{response:?}");
        assert_eq!(filled(response, "").1, "", "{described}");
    }
    assert_eq!(filled(empty(404), "mine").1, "mine");
}

#[test]
fn an_answer_to_head_with_a_length_is_not_empty() {
    run(async {
        let app = ApplicationBuilder::new().layer(StatusCodePagesLayer::new());
        let app = app.run_fn(|_| async {
            let response = Response::builder()
                .status(404)
                .header("content-length", "5");
            response.body(Body::empty()).unwrap()
        });
        let head = http::Request::head("/").body(Body::empty()).unwrap();
        let response = send(app, head).await;
        assert_eq!(response.headers()[header::CONTENT_LENGTH], "5");
        assert!(!response.headers().contains_key("content-type"));
    });
}

#[test]
fn a_function_answers_with_the_status_and_the_request() {
    run(async {
        let layer = StatusCodePagesLayer::with_function(|status: StatusCode, request| async move {
            (
                StatusCode::NOT_FOUND,
                format!("{status} at {}", request.uri()),
            )
                .into_response()
        });
        let app = ApplicationBuilder::new().layer(layer);
        let app = app.run_fn(|_| async { StatusCode::FORBIDDEN });
        let response = send(app, get("/a?b")).await;
        assert_eq!(response.status(), 404);
        assert_eq!(text(response).await, "403 Forbidden at /a?b");
    });
}

#[test]
fn a_page_is_got_by_status_and_knows_what_the_request_was() {
    run(async {
        let app = || {
            let layer = StatusCodePagesLayer::at("/errors/{}?page").unwrap();
            let app = ApplicationBuilder::new().layer(layer);
            app.run_fn(|request: Request| async move {
                let Some(before) = request.feature::<Reexecution>() else {
                    let status = request.uri().path()[1..].parse().unwrap();
                    return StatusCode::from_u16(status).unwrap().into_response();
                };
                assert!(before.failure().is_none());
                let (uri, was) = (request.uri(), before.uri());
                let status = before.status();
                let told = format!(
                    "{} {uri} | {} {was} {status}",
                    request.method(),
                    before.method()
                );
                match status.as_u16() {
                    410 => (StatusCode::IM_A_TEAPOT, told).into_response(),
                    // No page.
                    411 => StatusCode::NOT_FOUND.into_response(),
                    _ => told.into_response(),
                }
            })
        };
        for (asked, status, told) in [
            (
                "/403",
                403,
                "GET /errors/403?page | POST /403 403 Forbidden",
            ),
            (
                "/404",
                404,
                "GET /errors/404?page | POST /404 404 Not Found",
            ),
            ("/410", 418, "GET /errors/410?page | POST /410 410 Gone"),
            ("/411", 411, ""),
            ("/200", 200, ""),
        ] {
            let request = http::Request::post(asked).body(Body::from("content"));
            let response = send(app(), request.unwrap()).await;
            assert_eq!(response.status().as_u16(), status, "{asked}");
            assert_eq!(text(response).await, told, "{asked}");
        }
    });
}

#[test]
fn a_redirection_leads_to_the_page_below_the_path_base() {
    run(async {
        let app = || {
            let pages = StatusCodePagesLayer::redirecting("/errors/{}?page").unwrap();
            let app = ApplicationBuilder::new().use_path_base("/shop");
            let app = app.layer(pages);
            app.run_fn(|_| async { StatusCode::NOT_FOUND })
        };
        for (asked, page) in [
            ("/a", "/errors/404?page"),
            ("/shop/a", "/shop/errors/404?page"),
        ] {
            let response = send(app(), get(asked)).await;
            assert_eq!(response.status(), 302);
            assert_eq!(response.headers()[header::LOCATION], page);
            assert_eq!(text(response).await, "");
        }
    });
    let wrong = StatusCodePagesLayer::redirecting("https://example.com/{}");
    assert!(
        wrong
            .unwrap_err()
            .to_string()
            .contains("is not the path of an error page")
    );
}
