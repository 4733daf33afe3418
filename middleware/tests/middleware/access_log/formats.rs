//! Each format, byte for byte.

use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderName;
use transom::features::{
    ConnectionInfo, Endpoint, RequestIdentifier, Scheme, ServerVariables, Transport,
};
use transom::{App, ApplicationBuilder, Body, Request, Response};
use transom_middleware::access_log::{
    AccessLogLayer, JsonFormat, LogFormat, LoggedUser, W3cField, W3cFormat,
};
use transom_middleware::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};
use transom_middleware::path_base::PathBaseLayer;

use super::{Clock, Log, ask, get};
use crate::support::{logged, run, with_feature};

fn endpoint(address: &str) -> Endpoint {
    Endpoint::Tcp(address.parse().unwrap())
}

/// An application that everything is known of, and that takes 12.345 ms.
fn known(layer: AccessLogLayer, clock: &Clock) -> App {
    let info = ConnectionInfo::new(Transport::Tcp)
        .with_remote(endpoint("192.0.2.1:51000"))
        .with_local(endpoint("[2001:db8::1]:443"));
    let app = with_feature(ApplicationBuilder::new(), info);
    let app = with_feature(app, Scheme::Https);
    let app = with_feature(app, RequestIdentifier::new("id:1"));
    let clock = clock.clone();
    app.layer(layer).run_fn(move |_: Request| {
        clock.advance(Duration::from_micros(12_345));
        async {
            let mut response = Response::new(Body::from("hello"));
            response.extensions_mut().insert(LoggedUser::new("ada"));
            response
        }
    })
}

fn request() -> http::Request<Body> {
    let request = get("/a/b?c=d&e")
        .header("host", "example.com:8443")
        .header("referer", "https://example.com/?x")
        .header("user-agent", "curl/8.5 (a; b)")
        .header("cookie", "secret=1")
        .header("x-trace", "one")
        .header("x-trace", "two");
    request.body(Body::empty()).unwrap()
}

async fn line_of(format: impl Into<LogFormat>, request: http::Request<Body>) -> String {
    let log = Log::new(format);
    assert_eq!(ask(known(log.layer(), &log.clock), request).await, (200, 5));
    log.line()
}

fn empty() -> http::Request<Body> {
    http::Request::new(Body::empty())
}

#[test]
fn common_is_what_apache_calls_so() {
    run(async {
        assert_eq!(
            line_of(LogFormat::Common, request()).await,
            r#"192.0.2.1 - ada [10/Oct/2000:13:55:36 +0000] "GET /a/b?c=d&e HTTP/1.1" 200 5"#
        );
    });
}

#[test]
fn combined_has_the_referer_and_the_user_agent() {
    run(async {
        assert_eq!(
            line_of(LogFormat::Combined, request()).await,
            r#"192.0.2.1 - ada [10/Oct/2000:13:55:36 +0000] "GET /a/b?c=d&e HTTP/1.1" 200 5 "https://example.com/?x" "curl/8.5 (a; b)""#
        );
        assert_eq!(
            line_of(LogFormat::Combined, empty()).await,
            r#"192.0.2.1 - ada [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 5 "-" "-""#
        );
    });
}

#[test]
fn w3c_has_the_columns_of_asp_net_core_and_two_more() {
    run(async {
        assert_eq!(
            line_of(W3cFormat::new().with_server_name("web 1"), request()).await,
            "2000-10-10 13:55:36 192.0.2.1 web+1 2001:db8::1 443 GET /a/b c=d&e 200 5 12.345 \
             HTTP/1.1 example.com:8443 curl/8.5+(a;+b) https://example.com/?x complete"
        );
        assert_eq!(
            line_of(W3cFormat::new(), empty()).await,
            "2000-10-10 13:55:36 192.0.2.1 - 2001:db8::1 443 GET / - 200 5 12.345 HTTP/1.1 localhost - - \
             complete"
        );
    });
}

#[test]
fn w3c_has_any_columns_in_any_order_and_says_which() {
    run(async {
        let trace = W3cField::Request(HeaderName::from_static("x-trace"));
        let format = W3cFormat::new()
            .with_fields([
                W3cField::Outcome,
                W3cField::UserName,
                W3cField::Cookie,
                trace.clone(),
            ])
            .with_field(W3cField::RequestId)
            .with_field(trace);
        assert_eq!(
            line_of(format.clone(), request()).await,
            "complete ada secret=1 one,+two id:1 one,+two"
        );

        let (sender, written) = std::sync::mpsc::channel();
        let layer = AccessLogLayer::to_writer(format, Sender(sender)).unwrap();
        ask(known(layer.clone(), &Clock::new()), request()).await;
        assert!(layer.flush());
        let written = written.try_recv().unwrap();
        let (head, rest) = written.split_once("\n#Fields: ").unwrap();
        assert!(head.starts_with("#Version: 1.0\n#Start-Date: 2"), "{head}");
        assert_eq!(
            rest,
            "x-outcome cs-username cs(Cookie) cs(x-trace) x-request-id cs(x-trace)\n\
             complete ada secret=1 one,+two id:1 one,+two\n"
        );
    });
}

struct Sender(std::sync::mpsc::Sender<String>);

impl std::io::Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .send(String::from_utf8(bytes.to_vec()).unwrap())
            .unwrap();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn json_has_a_key_for_each_thing_that_is_known() {
    run(async {
        let trace = HeaderName::from_static("x-trace");
        let format = JsonFormat::new()
            .with_request_field(trace.clone())
            .with_request_field(trace)
            .with_request_field(HeaderName::from_static("x-other"));
        assert_eq!(
            line_of(format, request()).await,
            concat!(
                r#"{"time":"2000-10-10T13:55:36.042Z","client_ip":"192.0.2.1","client_port":51000,"user":"ada","#,
                r#""method":"GET","target":"/a/b?c=d&e","protocol":"HTTP/1.1","scheme":"https","#,
                r#""host":"example.com:8443","status":200,"bytes":5,"duration_ms":12.345,"outcome":"complete","#,
                r#""referer":"https://example.com/?x","user_agent":"curl/8.5 (a; b)","request_id":"id:1","#,
                r#""headers":{"x-trace":"one, two"}}"#,
            )
        );
        assert_eq!(
            line_of(JsonFormat::new(), empty()).await,
            concat!(
                r#"{"time":"2000-10-10T13:55:36.042Z","client_ip":"192.0.2.1","client_port":51000,"user":"ada","#,
                r#""method":"GET","target":"/","protocol":"HTTP/1.1","scheme":"https","host":"localhost","status":200,"bytes":5,"#,
                r#""duration_ms":12.345,"outcome":"complete","request_id":"id:1"}"#,
            )
        );
    });
}

#[test]
fn an_event_has_the_fields_of_json() {
    let log = logged(|| {
        run(async {
            let layer = AccessLogLayer::to_tracing();
            assert!(layer.flush());
            let clock = Clock::new();
            let now = clock.clone();
            let app = known(layer.with_clock(move || now.now()), &clock);
            ask(app, request()).await;
        });
    });
    let (_, event) = log.split_once("INFO ").unwrap();
    assert_eq!(
        event,
        "transom::access: request client_ip=192.0.2.1 client_port=51000 user=\"ada\" method=\"GET\" \
         target=\"/a/b?c=d&e\" protocol=\"HTTP/1.1\" scheme=\"https\" host=\"example.com:8443\" status=200 \
         bytes=5 duration_ms=12.345 outcome=\"complete\" referer=\"https://example.com/?x\" \
         user_agent=\"curl/8.5 (a; b)\" request_id=\"id:1\"\n"
    );
}

#[test]
fn the_client_is_the_one_before_the_proxies() {
    run(async {
        for (remote, forwarded, expected) in [
            ("127.0.0.1:1", Some("203.0.113.9:4711"), "203.0.113.9 4711"),
            ("127.0.0.1:1", Some("2001:db8::9"), "2001:db8::9 -"),
            ("[::ffff:192.0.2.1]:1", None, "192.0.2.1 1"),
        ] {
            let log = Log::new(JsonFormat::new());
            let info = ConnectionInfo::new(Transport::Tcp).with_remote(endpoint(remote));
            let app = with_feature(ApplicationBuilder::new(), info)
                .layer(ForwardedHeadersLayer::new([ForwardedPart::For]))
                .layer(log.layer())
                .run_fn(|_| async {});
            let mut request = empty();
            if let Some(forwarded) = forwarded {
                let forwarded = forwarded.parse().unwrap();
                request.headers_mut().insert("x-forwarded-for", forwarded);
            }
            ask(app, request).await;
            let line: serde_json::Value = serde_json::from_str(&log.line()).unwrap();
            let port = line
                .get("client_port")
                .map_or("-".into(), ToString::to_string);
            let ip = line["client_ip"].as_str().unwrap();
            assert_eq!(format!("{ip} {port}"), expected);
        }
        let log = Log::new(LogFormat::Common);
        let info = ConnectionInfo::new(Transport::Unix).with_remote(Endpoint::Unix(None));
        let app = with_feature(ApplicationBuilder::new(), info);
        ask(app.layer(log.layer()).run_fn(|_| async {}), empty()).await;
        assert!(log.line().starts_with("- - - ["));
    });
}

#[test]
fn the_target_is_as_it_was_sent() {
    run(async {
        let log = Log::new(LogFormat::Common);
        let app = ApplicationBuilder::new()
            .layer(PathBaseLayer::new("/base").unwrap())
            .layer(log.layer())
            .run_fn(|request: Request| async move {
                assert_eq!(request.uri(), "/a%2Fb?c");
            });
        ask(
            app.clone(),
            get("/base/a%2Fb?c").body(Body::empty()).unwrap(),
        )
        .await;
        let mut second = get("https://example.com/base/a%2Fb?c")
            .body(Body::empty())
            .unwrap();
        *second.version_mut() = http::Version::HTTP_2;
        ask(app, second).await;
        let lines = log.lines();
        assert!(
            lines[0].contains("\"GET /base/a%2Fb?c HTTP/1.1\""),
            "{lines:?}"
        );
        assert!(
            lines[1].contains("\"GET /base/a%2Fb?c HTTP/2.0\""),
            "{lines:?}"
        );
    });
}

#[test]
fn the_user_of_a_gateway_is_known_unless_the_application_knows_better() {
    run(async {
        for (variable, user, expected) in [
            ("grace", None, "grace"),
            ("grace", Some("ada"), "ada"),
            ("", None, "-"),
        ] {
            let log = Log::new(LogFormat::Common);
            let variables: ServerVariables = [("REMOTE_USER", variable)].into_iter().collect();
            let app = with_feature(ApplicationBuilder::new(), variables).layer(log.layer());
            let app = app.run_fn(move |_: Request| async move {
                let mut response = Response::new(Body::empty());
                if let Some(user) = user {
                    response.extensions_mut().insert(LoggedUser::new(user));
                }
                response
            });
            ask(app, empty()).await;
            let line = log.line();
            assert!(line.contains(&format!(" - {expected} [")), "{line}");
        }
    });
}

#[test]
fn what_the_filter_refuses_is_not_logged() {
    run(async {
        let log = Log::new(LogFormat::Common);
        let layer = log.layer().with_filter(|head| head.uri.path() != "/livez");
        let app = ApplicationBuilder::new()
            .layer(layer)
            .run_fn(|_| async { "up" });
        for path in ["/livez", "/", "/livez?"] {
            let request = get(path).body(Body::empty()).unwrap();
            assert_eq!(ask(app.clone(), request).await, (200, 2));
        }
        assert!(log.line().contains("\"GET / HTTP/1.1\""));
        drop(app);
        assert_eq!(Arc::strong_count(&log.lines), 2);
    });
}
