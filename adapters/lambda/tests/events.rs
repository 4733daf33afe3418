//! Events of each kind of front, in the form that AWS gives them, and the requests that they become.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fmt::Write as _;

use support::Function;
use transom::features::{
    ConnectionInfo, OriginalTarget, PathBase, RequestIdentifier, Scheme, TlsInfo,
};
use transom::{Body, Request, RequestExt, Response};
use transom_lambda::{EventSource, LambdaContext, LambdaEvent};

/// Answers with what the application sees, a fact a line.
async fn facts(request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut facts = format!("{} {} {:?}\n", head.method, head.uri, head.version);
    let mut say = |name: &str, value: String| writeln!(facts, "{name}: {value}").unwrap();
    let feature = &head;
    say(
        "source",
        feature
            .feature::<LambdaEvent>()
            .unwrap()
            .source()
            .to_string(),
    );
    say(
        "target",
        feature.feature::<OriginalTarget>().unwrap().to_string(),
    );
    say(
        "base",
        feature
            .feature::<PathBase>()
            .cloned()
            .unwrap_or_default()
            .to_string(),
    );
    say("scheme", feature.feature::<Scheme>().unwrap().to_string());
    let remote = feature.feature::<ConnectionInfo>().unwrap().remote();
    say(
        "remote",
        remote.map(ToString::to_string).unwrap_or_default(),
    );
    if let Some(tls) = feature.feature::<TlsInfo>() {
        let version = tls.version().map(|version| version.to_string());
        let version = version.unwrap_or_default();
        let cipher = tls.cipher_suite().unwrap_or_default();
        say(
            "tls",
            format!("{version} {cipher} {:?}", tls.client_certificate()),
        );
    }
    for (name, value) in &head.headers {
        if !name.as_str().starts_with("x-forwarded-") && !name.as_str().starts_with("x-amzn") {
            say(
                name.as_str(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            );
        }
    }
    let content = body.collect(usize::MAX).await.unwrap();
    say("content", content.escape_ascii().to_string());
    Response::new(Body::from(facts))
}

async fn seen(event: &'static str) -> String {
    let function = Function::start(facts).await;
    let response = function.response(event).await;
    assert_eq!(response.status(), 200);
    let text = response.into_body().collect(usize::MAX).await.unwrap();
    function.stop().await;
    String::from_utf8(text.to_vec()).unwrap()
}

#[tokio::test]
async fn the_request_of_a_function_url_is_what_the_client_sent() {
    assert_eq!(
        seen(include_str!("events/function_url.json")).await,
        "PUT /a%2Fb/%E2%82%AC?x=1%20&y&x=%zz HTTP/1.1\n\
         source: function URL\n\
         target: /a%2Fb/%E2%82%AC?x=1%20&y&x=%zz\n\
         base: \n\
         scheme: https\n\
         remote: 2001:db8::7\n\
         tls: TLSv1.3 TLS_AES_128_GCM_SHA256 None\n\
         accept: */*\n\
         content-length: 6\n\
         content-type: application/octet-stream\n\
         cookie: one=1; two=2\n\
         host: abcdefgh.lambda-url.eu-west-2.on.aws\n\
         x-list: a,b, c\n\
         content: \\x00\\xff\\x80hi\\n\n"
    );
}

#[tokio::test]
async fn an_http_api_has_its_stage_taken_off_and_what_it_unescaped_escaped_again() {
    assert_eq!(
        seen(include_str!("events/http_api.json")).await,
        "GET /100%25%20of%20it/%C3%A9?q=a%2Bb HTTP/1.1\n\
         source: HTTP API\n\
         target: /prod/100%25%20of%20it/%C3%A9?q=a%2Bb\n\
         base: /prod\n\
         scheme: https\n\
         remote: 198.51.100.9\n\
         tls:   Some(b\"0\\x03\\x02\\x01\\x01\")\n\
         host: api.example.com\n\
         user-agent: curl/8.5.0\n\
         content: \n"
    );
}

#[tokio::test]
async fn a_rest_api_keeps_every_value_and_the_order_of_the_query() {
    assert_eq!(
        seen(include_str!("events/rest_api.json")).await,
        "POST /orders/a%20b?z=1&z=2&a=x%26y%3D100%25 HTTP/1.1\n\
         source: REST API\n\
         target: /prod/orders/a%20b?z=1&z=2&a=x%26y%3D100%25\n\
         base: /prod\n\
         scheme: https\n\
         remote: 203.0.113.4\n\
         content-type: text/plain\n\
         cookie: one=1; two=2\n\
         host: r3pmxmplak.execute-api.us-east-2.amazonaws.com\n\
         x-list: a, b\n\
         x-list: a\n\
         content-length: 7\n\
         content: one\\ntwo\n"
    );
}

#[tokio::test]
async fn the_test_button_of_the_console_sends_a_request_too() {
    assert_eq!(
        seen(include_str!("events/console_test.json")).await,
        "GET / HTTP/1.1\n\
         source: REST API\n\
         target: /\n\
         base: \n\
         scheme: https\n\
         remote: \n\
         host: testPrefix.testDomainName\n\
         content: \n"
    );
}

#[tokio::test]
async fn a_load_balancer_leaves_the_query_as_it_was_and_sees_the_client_itself() {
    assert_eq!(
        seen(include_str!("events/load_balancer.json")).await,
        "GET /caf%C3%A9?q=a%20%26b&flag= HTTP/1.1\n\
         source: load balancer\n\
         target: /caf%C3%A9?q=a%20%26b&flag=\n\
         base: \n\
         scheme: http\n\
         remote: 72.12.164.125\n\
         accept: text/html\n\
         cookie: one=1; two=2\n\
         host: app-123578498.us-east-2.elb.amazonaws.com\n\
         content: \n"
    );
}

#[tokio::test]
async fn a_load_balancer_with_lists_keeps_every_value() {
    assert_eq!(
        seen(include_str!("events/load_balancer_lists.json")).await,
        "GET /?q=a%20b&q=c HTTP/1.1\n\
         source: load balancer\n\
         target: /?q=a%20b&q=c\n\
         base: \n\
         scheme: https\n\
         remote: 72.12.164.125\n\
         cookie: one=1; two=2\n\
         host: app.example.com\n\
         x-list: a\n\
         x-list: b\n\
         content-length: 2\n\
         content: hi\n"
    );
}

#[tokio::test]
async fn the_health_check_of_a_load_balancer_has_no_host_and_is_served() {
    let seen = seen(include_str!("events/load_balancer_check.json")).await;
    assert!(seen.starts_with("GET /health HTTP/1.1\n"), "{seen}");
    assert!(seen.contains("\nhost: \n"), "{seen}");
}

#[tokio::test]
async fn the_application_sees_the_invocation_and_the_rest_of_the_event() {
    let app = |request: Request| async move {
        let context = request.feature::<LambdaContext>().unwrap();
        let event = request.feature::<LambdaEvent>().unwrap();
        assert_eq!(event.source(), EventSource::HttpApi);
        assert_eq!(event.stage_variables(), Some(r#"{ "color": "blue" }"#));
        assert_eq!(
            event.path_parameters(),
            Some(r#"{ "proxy": "100% of it/é" }"#)
        );
        let at = |pointer| event.request_context_at(pointer);
        assert_eq!(at("/authorizer/jwt/claims/sub").as_deref(), Some("ada"));
        assert_eq!(
            at("/authorizer/jwt/claims/exp").as_deref(),
            Some("1795294800")
        );
        assert_eq!(at("/authorizer/jwt/scopes").as_deref(), Some(r#"["read"]"#));
        assert_eq!(at("/authorizer/lambda"), None);

        let remaining = context.remaining().unwrap().as_secs();
        assert!((800..=900).contains(&remaining), "{remaining}");
        let arn = "arn:aws:lambda:us-east-2:123456789012:function:custom-runtime";
        assert_eq!(context.function_arn(), Some(arn));
        assert!(context.trace_id().unwrap().starts_with("Root=1-"));
        assert_eq!(context.tenant_id(), Some("tenant-1"));
        assert_eq!(context.client_context(), Some(r#"{"custom":{"é":"1"}}"#));
        assert_eq!(context.identity(), None);
        let identifier = request.feature::<RequestIdentifier>().unwrap().to_string();
        assert_eq!(identifier, context.request_id());
        Response::new(Body::from(identifier))
    };
    let function = Function::start(app).await;
    let event = include_str!("events/http_api.json");
    let more = vec![
        ("lambda-runtime-aws-tenant-id", "tenant-1".to_owned()),
        (
            "lambda-runtime-client-context",
            r#"{"custom":{"é":"1"}}"#.to_owned(),
        ),
        ("lambda-runtime-cognito-identity", String::new()),
    ];
    let answer = support::within(function.api.invoke_with(event, more))
        .await
        .unwrap();
    let response = support::response_of(answer).await.unwrap();
    assert_eq!(response.status(), 200);
    let id = response.into_body().collect(100).await.unwrap();
    assert!(id.starts_with(b"8476a536-"), "{id:?}");
    function.stop().await;
}

#[tokio::test]
async fn a_deadline_that_has_passed_is_none() {
    let app = |request: Request| async move {
        let context = request.feature::<LambdaContext>().unwrap();
        Response::new(Body::from(format!("{:?}", context.deadline())))
    };
    let function = Function::start(app).await;
    // One emulator sends how long the function may take, which is the year 1970.
    let more = vec![("lambda-runtime-deadline-ms", "600000".to_owned())];
    let event = include_str!("events/load_balancer.json");
    let answer = support::within(function.api.invoke_with(event, more))
        .await
        .unwrap();
    let response = support::response_of(answer).await.unwrap();
    assert_eq!(response.into_body().collect(100).await.unwrap(), "None");
    function.stop().await;
}
