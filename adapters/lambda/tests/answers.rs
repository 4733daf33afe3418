//! Responses, in the form that each front takes, and what becomes of those that are none.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use serde_json::json;
use support::{Answer, Function, response_of, within};
use transom::features::RequestLifetime;
use transom::{Body, Request, RequestExt, Response};
use transom_lambda::LambdaServer;

const FUNCTION_URL: &str = include_str!("events/function_url.json");
const HTTP_API: &str = include_str!("events/http_api.json");
const REST_API: &str = include_str!("events/rest_api.json");
const LOAD_BALANCER: &str = include_str!("events/load_balancer.json");
const LOAD_BALANCER_LISTS: &str = include_str!("events/load_balancer_lists.json");

async fn cookies(_: Request) -> Response {
    let mut response = Response::new(Body::from("hello"));
    *response.status_mut() = StatusCode::CREATED;
    for (name, value) in [
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("vary", "a"),
        ("vary", "b"),
    ] {
        response
            .headers_mut()
            .append(name, HeaderValue::from_static(value));
    }
    response
}

#[tokio::test]
async fn each_front_gets_its_own_form() {
    let function = Function::start(cookies).await;
    let two = json!({
        "statusCode": 201,
        "headers": {"vary": "a, b"},
        "cookies": ["a=1", "b=2"],
        "body": "hello",
        "isBase64Encoded": false,
    });
    assert_eq!(function.json(FUNCTION_URL).await, two);
    assert_eq!(function.json(HTTP_API).await, two);
    let one = json!({
        "statusCode": 201,
        "headers": {},
        "multiValueHeaders": {"set-cookie": ["a=1", "b=2"], "vary": ["a", "b"]},
        "body": "hello",
        "isBase64Encoded": false,
    });
    assert_eq!(function.json(REST_API).await, one);
    let mut lists = one;
    lists["statusDescription"] = json!("201 Created");
    assert_eq!(function.json(LOAD_BALANCER_LISTS).await, lists);
    let single = json!({
        "statusCode": 201,
        "statusDescription": "201 Created",
        "headers": {"set-cookie": "a=1", "Set-cookie": "b=2", "vary": "a, b"},
        "body": "hello",
        "isBase64Encoded": false,
    });
    assert_eq!(function.json(LOAD_BALANCER).await, single);
    function.stop().await;
}

#[tokio::test]
async fn only_what_can_stream_and_is_said_to_is_streamed() {
    type Set = fn(LambdaServer) -> LambdaServer;
    let modes: [(Set, [bool; 4]); 3] = [
        (|server| server, [false; 4]),
        (
            |server| server.with_response_streaming(true),
            [true, false, false, false],
        ),
        (
            |server| server.with_rest_response_streaming(true),
            [false, false, true, false],
        ),
    ];
    for (set, streamed) in modes {
        let function = Function::start_as(set, cookies).await;
        let events = [FUNCTION_URL, HTTP_API, REST_API, LOAD_BALANCER];
        for (event, streamed) in events.into_iter().zip(streamed) {
            let answer = function.answer(event).await;
            assert_eq!(matches!(answer, Answer::Streamed(_)), streamed, "{event}");
            let response = response_of(answer).await.unwrap();
            assert_eq!(response.status(), 201);
            let cookies = response.headers().get_all("set-cookie").iter().count();
            assert_eq!(cookies, 2);
            assert_eq!(response.into_body().collect(10).await.unwrap(), "hello");
        }
        function.stop().await;
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_base64_whatever_they_are_called() {
    let app = |request: Request| async move {
        let content = request.into_body().collect(100).await.unwrap();
        let mut response = Response::new(Body::from(content));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert("content-type", json);
        response
    };
    let function = Function::start(app).await;
    let answer = function.json(FUNCTION_URL).await;
    assert_eq!(answer["isBase64Encoded"], true);
    assert_eq!(answer["body"], "AP+AaGkK");
    let answer = function.json(REST_API).await;
    assert_eq!(answer["isBase64Encoded"], false);
    assert_eq!(answer["body"], "one\ntwo");
    function.stop().await;
}

fn pieces(pieces: Vec<Result<Bytes, &'static str>>) -> Body {
    let frames = pieces.into_iter().map(|piece| piece.map(Frame::data));
    Body::new(StreamBody::new(stream::iter(frames)))
}

#[tokio::test]
async fn what_is_more_than_aws_takes_at_once_is_an_error_that_says_what_to_do() {
    let app = |request: Request| async move {
        let mebibytes = request.uri().query().unwrap().len();
        let piece = match request.uri().path() {
            // Twice as long as JSON.
            "/quotes" => "\"",
            _ => "a",
        };
        let piece = Bytes::from(piece.repeat(1 << 20));
        Response::new(pieces(vec![Ok(piece); mebibytes]))
    };
    let function = Function::start(app).await;
    let event = |path: &str, mebibytes: usize| {
        let mut event: serde_json::Value = serde_json::from_str(HTTP_API).unwrap();
        event["rawPath"] = json!(path);
        event["rawQueryString"] = json!("q".repeat(mebibytes));
        event.to_string()
    };
    for (path, mebibytes) in [("/", 7), ("/", 6), ("/quotes", 4)] {
        let problem = function.problem(event(path, mebibytes)).await;
        assert_eq!(problem.kind, "Response.TooLarge");
        assert!(
            problem.message.contains("with_response_streaming"),
            "{}",
            problem.message
        );
    }
    let response = function.response(event("/", 5)).await;
    let content = response.into_body().collect(usize::MAX).await.unwrap();
    assert_eq!(content.len(), 5 << 20);
    function.stop().await;
}

#[tokio::test]
async fn a_body_that_fails_is_never_made_to_look_complete() {
    let app = |_: Request| async {
        Response::new(pieces(vec![Ok("begun".into()), Err("the disk is gone")]))
    };
    let function = Function::start(app).await;
    let problem = function.problem(FUNCTION_URL).await;
    assert_eq!(problem.kind, "Response.BrokeOff");
    function.stop().await;

    let function = Function::start_as(|server| server.with_response_streaming(true), app).await;
    for _ in 0..2 {
        let response = function.response(FUNCTION_URL).await;
        assert_eq!(response.status(), 200);
        let error = within(response.into_body().collect(100)).await.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("the disk is gone"), "{cause}");
    }
    function.stop().await;
}

#[tokio::test]
async fn an_application_that_hangs_up_leaves_no_response() {
    let app = |request: Request| async move {
        request.feature::<RequestLifetime>().unwrap().abort();
        std::future::pending().await
    };
    for streaming in [false, true] {
        let start = Function::start_as(|server| server.with_response_streaming(streaming), app);
        let function = start.await;
        let problem = function.problem(FUNCTION_URL).await;
        assert_eq!(problem.kind, "Application.Aborted");
        function.stop().await;
    }
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_next_request_is_answered() {
    let app = |request: Request| async move {
        assert_eq!(request.method(), "GET", "only GET does not panic");
        Response::new(Body::from("hello"))
    };
    let function = Function::start(app).await;
    assert_eq!(function.response(FUNCTION_URL).await.status(), 500);
    assert_eq!(function.response(HTTP_API).await.status(), 200);
    function.stop().await;
}
