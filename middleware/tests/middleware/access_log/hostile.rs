//! What a client sends cannot break a line, and what is secret is not in it.

use http::header::HeaderName;
use http::{HeaderValue, Method};
use transom::{ApplicationBuilder, Body, Request, Response};
use transom_middleware::access_log::{
    AccessLogLayer, JsonFormat, LogFormat, LoggedUser, W3cField, W3cFormat,
};

use super::{Log, ask, get};
use crate::support::{logged, run};

/// As a client can send it: a quote, a backslash, a tab, CSI, bytes that are not UTF-8.
const NASTY: &[u8] = b"a \"b\\c\t\xc2\x9b\xff";

fn nasty() -> http::Request<Body> {
    let mut request = get("/").body(Body::empty()).unwrap();
    let value = HeaderValue::from_bytes(NASTY).unwrap();
    for name in ["referer", "user-agent", "host", "x-own"] {
        request.headers_mut().insert(name, value.clone());
    }
    request
}

fn app(layer: AccessLogLayer) -> transom::App {
    // A host like this one would be refused before it came here.
    ApplicationBuilder::new()
        .layer(layer)
        .run_fn(|_: Request| async {
            let mut response = Response::new(Body::empty());
            let user = LoggedUser::new("a b\r\n\u{7f}\u{9b}");
            response.extensions_mut().insert(user);
            response
        })
}

/// Calls the layer itself: the server would refuse the host.
async fn line_of(format: impl Into<LogFormat>) -> String {
    use transom::Application;
    let log = Log::new(format);
    let response = app(log.layer()).call(nasty()).await;
    drop(response);
    log.line()
}

#[test]
fn everything_is_escaped_as_the_format_has_it() {
    run(async {
        let quoted = r#""a \x22b\x5Cc\x09\xC2\x9B\xFF""#;
        let common =
            r#"- - a\x20b\x0D\x0A\x7F\xC2\x9B [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 -"#;
        assert_eq!(line_of(LogFormat::Common).await, common);
        assert_eq!(
            line_of(LogFormat::Combined).await,
            format!("{common} {quoted} {quoted}")
        );

        let format = W3cFormat::new().with_fields([
            W3cField::UserName,
            W3cField::UserAgent,
            W3cField::Host,
            W3cField::Referer,
            W3cField::Request(HeaderName::from_static("x-own")),
        ]);
        let escaped = r"a+\x22b\x5Cc\x09\xC2\x9B\xFF";
        assert_eq!(
            line_of(format).await,
            format!(r"a+b\x0D\x0A\x7F\xC2\x9B {escaped} {escaped} {escaped} {escaped}")
        );

        let format = JsonFormat::new().with_request_field(HeaderName::from_static("x-own"));
        let line = line_of(format).await;
        assert!(
            line.bytes().all(|byte| matches!(byte, b' '..=b'~')),
            "{line}"
        );
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        let text = "a \"b\\c\t\u{9b}\u{fffd}";
        assert_eq!(json["user"], "a b\r\n\u{7f}\u{9b}");
        for value in [
            &json["host"],
            &json["referer"],
            &json["user_agent"],
            &json["headers"]["x-own"],
        ] {
            assert_eq!(value, text);
        }
    });
    let log = logged(|| {
        run(async {
            use transom::Application;
            drop(app(AccessLogLayer::to_tracing()).call(nasty()).await);
        });
    });
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(!log.contains(['\x7f', '\u{9b}']), "{log}");
}

#[test]
fn characters_beyond_sixteen_bits_survive_json() {
    run(async {
        let log = Log::new(JsonFormat::new());
        let mut request = get("/").body(Body::empty()).unwrap();
        let agent = HeaderValue::from_bytes("\u{1f980} é".as_bytes()).unwrap();
        request.headers_mut().insert("user-agent", agent);
        ask(app(log.layer()), request).await;
        let line = log.line();
        assert!(
            line.contains(r#""user_agent":"\ud83e\udd80 \u00e9""#),
            "{line}"
        );
    });
}

#[test]
fn no_line_is_a_directive() {
    run(async {
        let log = Log::new(W3cFormat::new().with_fields([W3cField::Method, W3cField::Method]));
        for method in ["#", "#Fields", "a#b"] {
            let mut request = get("/").body(Body::empty()).unwrap();
            *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
            ask(app(log.layer()), request).await;
        }
        assert_eq!(log.lines(), [r"\x23 #", r"\x23Fields #Fields", "a#b a#b"]);
    });
}

#[test]
fn queries_are_left_out_or_masked_and_those_of_the_referer_with_them() {
    run(async {
        let request = || {
            let request = get("/a?token=1&b=2").header("referer", "https://h/?b=2&Token=1");
            request.body(Body::empty()).unwrap()
        };
        let formats: [LogFormat; 3] = [
            LogFormat::Combined,
            W3cFormat::new().into(),
            JsonFormat::new().into(),
        ];
        for format in formats {
            let log = Log::new(format.clone());
            ask(app(log.layer().without_query()), request()).await;
            let line = log.line();
            assert!(!line.contains("token") && !line.contains("Token"), "{line}");
            assert!(line.contains("/a") && line.contains("https://h/"), "{line}");

            let log = Log::new(format);
            let layer = log.layer().with_masked_parameters(["token"]);
            ask(app(layer), request()).await;
            let line = log.line();
            assert!(line.contains("token=***&b=2"), "{line}");
            assert!(line.contains("https://h/?b=2&Token=***"), "{line}");
        }
    });
}

#[test]
fn a_field_is_logged_only_if_it_was_chosen_and_never_if_it_is_marked_as_sensitive() {
    run(async {
        let name = HeaderName::from_static("authorization");
        for (format, expected) in [
            (JsonFormat::new(), None),
            (JsonFormat::new().with_request_field(name), Some("***")),
        ] {
            let log = Log::new(format);
            // As tower-http's layer does.
            let app = ApplicationBuilder::new()
                .use_fn(|mut request, next| {
                    for value in request.headers_mut().values_mut() {
                        value.set_sensitive(true);
                    }
                    async move { next.run(request).await }
                })
                .layer(log.layer())
                .run_fn(|_| async {});
            let request = get("/").header("authorization", "Bearer secret");
            ask(app, request.body(Body::empty()).unwrap()).await;
            let line = log.line();
            assert!(!line.contains("secret"), "{line}");
            let json: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(json["headers"]["authorization"].as_str(), expected);
        }
    });
}
