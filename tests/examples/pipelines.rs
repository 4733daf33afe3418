//! The three pipelines, each where it belongs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::program::{Example, PATIENCE, ask, get};

/// Sends a request of `GET` with these lines in its head, and returns the whole answer.
fn get_with(address: &str, target: &str, lines: &[&str]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let lines = lines.join("\r\n");
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nconnection: close\r\n{lines}\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn at_the_edge_everything_is_answered_and_hosts_of_others_are_not() {
    let mut example = Example::start("18_at_the_edge", &["--urls", "http://127.0.0.1:0"]);
    let address = example.addresses(1).remove(0);
    for (target, expected) in [
        ("/hello", "hello\n"),
        ("/hello", "x-request-id: "),
        ("/fails", "HTTP/1.1 500 "),
        ("/fails", "content-type: application/problem+json"),
        ("/nothing", r#""status":404"#),
    ] {
        let answer = get(&address, target);
        assert!(
            answer.contains(expected),
            "{target}: no `{expected}` in\n{answer}"
        );
    }
    let answer = get_with(&address, "/hello", &["host: other.example"]);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let many = (0..60).map(|_| get(&address, "/hello"));
    assert!(
        many.into_iter()
            .any(|answer| answer.starts_with("HTTP/1.1 429 "))
    );
    example.interrupt();
    let (said, well) = example.finish();
    assert!(
        well && said.contains("\"GET /hello HTTP/1.1\" 200 6 "),
        "{said}"
    );
}

#[test]
fn at_the_edge_everybody_is_sent_on_to_https() {
    let mut example = Example::start_with(
        "18_at_the_edge",
        &["--urls", "http://127.0.0.1:0"],
        |command| {
            command.env("TRANSOM_HTTPS_PORT", "443");
        },
    );
    let address = example.addresses(1).remove(0);
    let answer = get_with(&address, "/hello?a", &["host: example.com"]);
    assert!(answer.starts_with("HTTP/1.1 307 "), "{answer}");
    assert!(
        answer.contains("location: https://example.com/hello?a\r\n"),
        "{answer}"
    );
    example.interrupt();
    let (said, well) = example.finish();
    assert!(well && !said.contains("is not a setting"), "{said}");
}

#[test]
fn behind_a_proxy_the_client_is_seen_and_the_stop_is_told_in_time() {
    let arguments = ["--urls", "http://127.0.0.1:0", "--shutdown-delay", "2s"];
    let mut example = Example::start("19_behind_a_proxy", &arguments);
    let address = example.addresses(1).remove(0);
    let proxied = [
        "host: 10.0.0.7",
        "x-forwarded-for: 192.0.2.1",
        "x-forwarded-proto: https",
        "x-forwarded-host: example.com",
        "x-forwarded-prefix: /shop",
    ];
    let answer = get_with(&address, "/a?b", &proxied);
    assert!(
        answer.ends_with("192.0.2.1 is at https://example.com/shop/a?b\n"),
        "{answer}"
    );
    assert!(get(&address, "/readyz").starts_with("HTTP/1.1 200 "));

    example.interrupt();
    while !example.line().contains("Application is shutting down") {}
    assert!(get(&address, "/readyz").starts_with("HTTP/1.1 503 "));
    assert!(get(&address, "/a").starts_with("HTTP/1.1 200 "));
    let (said, well) = example.finish();
    assert!(
        well && said.contains(r#""client_ip":"192.0.2.1""#),
        "{said}"
    );
}

#[test]
fn on_lambda_the_same_pipeline_answers_events_and_at_home_requests() {
    ask(
        "20_on_lambda",
        &[
            ("/prod/orders/7", "seven chairs"),
            ("/prod/orders/8", r#""status":500"#),
            ("/prod", r#""status":404"#),
        ],
    );

    let platform = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = platform.local_addr().unwrap().to_string();
    let example = Example::start_with("20_on_lambda", &["--server", "lambda"], |command| {
        command.env("AWS_LAMBDA_RUNTIME_API", &api);
    });
    let answer = invoke(&platform, EVENT);
    assert!(answer.contains("seven chairs"), "{answer}");
    assert!(answer.contains(r#""statusCode":200"#), "{answer}");
    drop(example);
}

const EVENT: &str = r#"{"version":"2.0","routeKey":"$default","rawPath":"/prod/orders/7","rawQueryString":"","headers":{"host":"x.lambda-url.test"},
    "requestContext":{"http":{"method":"GET","path":"/prod/orders/7","protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"test"},
    "domainName":"x.lambda-url.test","requestId":"1","routeKey":"$default","stage":"$default","timeEpoch":0},"isBase64Encoded":false}"#;

/// Hands out one event as the platform does, and returns what the function answers.
fn invoke(platform: &TcpListener, event: &str) -> String {
    let (stream, _) = platform.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let asked = message(&mut reader);
    assert!(
        asked.starts_with("GET /2018-06-01/runtime/invocation/next "),
        "{asked}"
    );
    let deadline = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis()
        + 30_000;
    write!(
        &stream,
        "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: 7\r\nlambda-runtime-deadline-ms: {deadline}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{event}",
        event.len()
    )
    .unwrap();
    let answered = message(&mut reader);
    assert!(
        answered.starts_with("POST /2018-06-01/runtime/invocation/7/response "),
        "{answered}"
    );
    answered
}

/// Reads a request: its head, and as much as its length says.
fn message(reader: &mut impl BufRead) -> String {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut text).unwrap(), 0, "{text}");
    }
    let length = text.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length: ")?
            .parse()
            .ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    text + &String::from_utf8_lossy(&body)
}
