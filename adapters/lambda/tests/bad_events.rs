//! Events that AWS Lambda never sends, and requests that no client should: a clear answer, and nothing else is lost.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use http::StatusCode;
use serde_json::{Value, json};
use support::Function;
use transom::{Body, Request, Response};

async fn hello(_: Request) -> Response {
    Response::new(Body::from("hello"))
}

/// Returns the event of a function URL, changed.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut event = serde_json::from_str(include_str!("events/function_url.json")).unwrap();
    change(&mut event);
    event.to_string()
}

async fn still_serves(function: &Function) {
    let response = function
        .response(include_str!("events/load_balancer.json"))
        .await;
    assert_eq!(response.into_body().collect(10).await.unwrap(), "hello");
}

#[tokio::test]
async fn what_is_no_request_is_answered_with_an_error_that_says_what_it_is() {
    let function = Function::start(hello).await;
    let deep = "[".repeat(100_000);
    let queue = json!({"Records": [{"eventSource": "aws:sqs", "body": "hi"}]}).to_string();
    let web_socket = json!({
        "requestContext": {"connectionId": "L0SM9c", "eventType": "MESSAGE", "domainName": "a"},
        "body": "hi",
    });
    let web_socket = web_socket.to_string();
    let many: serde_json::Map<_, _> = (0..100).map(|key| (format!("k{key}"), json!(1))).collect();
    let many = Value::from(many).to_string();
    for (event, kind, says) in [
        ("", "Event.Malformed", "is empty"),
        ("hello", "Event.Malformed", "is no JSON object"),
        ("[]", "Event.Malformed", "is no JSON object"),
        ("null", "Event.Malformed", "is no JSON object"),
        ("{\"version\":", "Event.Malformed", "is no JSON object"),
        (&deep, "Event.Malformed", "is no JSON object"),
        ("{}", "Event.NoRequest", "this is an empty one"),
        (&queue, "Event.NoRequest", "this is one with `Records`"),
        (
            &web_socket,
            "Event.NoRequest",
            "an API Gateway WebSocket API",
        ),
        (&many, "Event.NoRequest", "`k0`, `k1`"),
        (
            r#"{"requestContext":7,"rawPath":"/"}"#,
            "Event.NoRequest",
            "`requestContext`, `rawPath`",
        ),
        (
            r#"{"httpMethod":"GET","path":"/"}"#,
            "Event.NoRequest",
            "`httpMethod`, `path`",
        ),
    ] {
        let problem = function.problem(event.to_owned()).await;
        let (told, start) = (&problem.message, &event[..event.len().min(60)]);
        assert_eq!(problem.kind, kind, "{start}: {told}");
        assert!(told.contains(says), "{start}: {told}");
        assert!(told.len() < 1000, "{told}");
    }
    let problem = function.problem(&b"{\"a\":\"\xff\"}"[..]).await;
    assert!(
        problem.message.starts_with("the event is not JSON"),
        "{}",
        problem.message
    );
    still_serves(&function).await;
    function.stop().await;
}

#[tokio::test]
async fn an_event_that_is_wrong_in_one_place_is_answered_with_an_error_that_names_it() {
    type Change = fn(&mut Value);
    let function = Function::start(hello).await;
    let wrong: &[(Change, &str)] = &[
        (
            |event| event["rawPath"] = json!(7),
            "`rawPath` is not a string",
        ),
        (
            |event| event["rawQueryString"] = json!([]),
            "`rawQueryString` is not a string",
        ),
        (
            |event| event["headers"] = json!("a"),
            "`headers` is not an object",
        ),
        (
            |event| event["headers"]["a"] = json!(["b"]),
            "`headers` is not an object of strings",
        ),
        (
            |event| event["cookies"] = json!({}),
            "`cookies` is not a list of strings",
        ),
        (
            |event| event["body"] = json!({"a": 1}),
            "`body` is not a string",
        ),
        (
            |event| event["body"] = json!("****"),
            "`body` is in base64, which it is not",
        ),
        (
            |event| event["isBase64Encoded"] = json!("yes"),
            "`isBase64Encoded` is not true or false",
        ),
        (
            |event| event["requestContext"]["http"] = json!({"path": "/"}),
            "the event has no method",
        ),
        (
            |event| event["requestContext"]["domainName"] = json!(1),
            "`domainName` is not a string",
        ),
    ];
    for (change, says) in wrong {
        let problem = function.problem(changed(change)).await;
        assert_eq!(problem.kind, "Event.Malformed", "{}", problem.message);
        assert!(problem.message.contains(says), "{}", problem.message);
    }
    still_serves(&function).await;
    function.stop().await;
}

#[tokio::test]
async fn what_a_client_can_cause_is_answered_to_the_client() {
    type Change = fn(&mut Value);
    let wrong: &[(Change, StatusCode)] = &[
        (
            |event| event["headers"]["a b"] = json!("c"),
            StatusCode::BAD_REQUEST,
        ),
        (
            |event| event["headers"][""] = json!("c"),
            StatusCode::BAD_REQUEST,
        ),
        (
            |event| event["headers"]["a"] = json!("b\nc: d"),
            StatusCode::BAD_REQUEST,
        ),
        (
            |event| event["headers"]["a"] = json!("b\0"),
            StatusCode::BAD_REQUEST,
        ),
        (
            |event| event["headers"]["host"] = json!("a/b"),
            StatusCode::BAD_REQUEST,
        ),
        (
            |event| event["cookies"] = json!(["a\r\nb"]),
            StatusCode::BAD_REQUEST,
        ),
        (
            |event| event["rawPath"] = json!("path"),
            StatusCode::BAD_REQUEST,
        ),
        (
            |event| event["rawPath"] = json!("*"),
            StatusCode::BAD_REQUEST,
        ),
        (
            |event| event["requestContext"]["http"]["method"] = json!("G T"),
            StatusCode::BAD_REQUEST,
        ),
        (
            |event| event["requestContext"]["http"]["method"] = json!("CONNECT"),
            StatusCode::BAD_REQUEST,
        ),
        (
            |event| event["rawPath"] = json!("/".repeat(70_000)),
            StatusCode::URI_TOO_LONG,
        ),
        (
            |event| {
                for name in 0..40_000 {
                    event["headers"][format!("x-{name}")] = json!("");
                }
            },
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ),
    ];
    for streaming in [false, true] {
        let start = Function::start_as(|server| server.with_response_streaming(streaming), hello);
        let function = start.await;
        for (at, (change, status)) in wrong.iter().enumerate() {
            let response = function.response(changed(change)).await;
            assert_eq!(response.status(), *status, "number {at}");
            assert_eq!(response.into_body().collect(10).await.unwrap(), "");
        }
        still_serves(&function).await;
        function.stop().await;
    }
}

#[tokio::test]
async fn a_path_that_is_none_is_made_one() {
    let echo =
        |request: Request| async move { Response::new(Body::from(request.uri().to_string())) };
    let function = Function::start(echo).await;
    for (path, uri) in [
        ("", "/"),
        ("/a b", "/a%20b"),
        ("/a?b#c", "/a%3Fb%23c"),
        ("/\u{0}\u{7f}", "/%00%7F"),
        ("//evil.example/", "//evil.example/"),
    ] {
        let event = changed(|event| {
            event["rawPath"] = json!(path);
            event["rawQueryString"] = Value::Null;
        });
        let response = function.response(event).await;
        assert_eq!(response.into_body().collect(100).await.unwrap(), uri);
    }
    function.stop().await;
}

#[tokio::test]
async fn a_length_that_is_not_that_of_the_content_is_put_right() {
    let app = |request: Request| async move {
        let lengths = request.headers().get_all("content-length").iter();
        let lengths: Vec<_> = lengths
            .map(|length| length.to_str().unwrap().to_owned())
            .collect();
        assert!(!request.headers().contains_key("transfer-encoding"));
        let content = request.into_body().collect(100).await.unwrap();
        Response::new(Body::from(format!(
            "{} is {}",
            lengths.join("+"),
            content.len()
        )))
    };
    let function = Function::start(app).await;
    for told in ["5", "7", "-1", "a", "18446744073709551617"] {
        let event = changed(|event| {
            event["headers"]["content-length"] = json!(told);
            event["headers"]["transfer-encoding"] = json!("chunked");
        });
        let response = function.response(event).await;
        assert_eq!(response.into_body().collect(100).await.unwrap(), "6 is 6");
    }
    function.stop().await;
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_an_error_of_the_body_and_the_process_lives() {
    let app = |request: Request| async move {
        match request.into_body().collect(usize::MAX).await {
            Ok(content) => Response::new(Body::from(content.len().to_string())),
            Err(error) => {
                assert!(error.is_length_limit());
                Response::new(Body::from("too long"))
            }
        }
    };
    let limited =
        |server: transom_lambda::LambdaServer| server.with_max_request_body_size(Some(1 << 20));
    let function = Function::start_as(limited, app).await;
    for (size, answer) in [
        (1 << 20, "1048576"),
        ((1 << 20) + 1, "too long"),
        (20 << 20, "too long"),
    ] {
        let event = changed(|event| {
            event["body"] = json!("a".repeat(size));
            event["isBase64Encoded"] = json!(false);
        });
        let response = function.response(event).await;
        assert_eq!(response.into_body().collect(100).await.unwrap(), answer);
    }
    function.stop().await;
}
