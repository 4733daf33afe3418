//! Without a server of Transom: a tower service over plain requests and bodies.

use std::convert::Infallible;

use http_body_util::{BodyExt, Full};
use tower::ServiceExt;
use tower_layer::Layer;
use transom_middleware::access_log::{JsonFormat, LogFormat};

use super::Log;
use crate::support::run;

type Request = http::Request<Full<&'static [u8]>>;

async fn line_of(format: impl Into<LogFormat>, request: Request) -> String {
    let log = Log::new(format);
    let service = log.layer().layer(tower::service_fn(|_: Request| async {
        Ok::<_, Infallible>(http::Response::new(Full::new(&b"hello"[..])))
    }));
    let response = service.oneshot(request).await.unwrap();
    assert!(log.lines().is_empty());
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "hello"
    );
    log.line()
}

#[test]
fn what_only_a_server_knows_is_left_out() {
    run(async {
        let request = || {
            let request = http::Request::get("/a?b").header("host", "example.com");
            request.body(Full::default()).unwrap()
        };
        assert_eq!(
            line_of(LogFormat::Combined, request()).await,
            r#"- - - [10/Oct/2000:13:55:36 +0000] "GET /a?b HTTP/1.1" 200 5 "-" "-""#
        );
        assert_eq!(
            line_of(JsonFormat::new(), request()).await,
            concat!(
                r#"{"time":"2000-10-10T13:55:36.042Z","method":"GET","target":"/a?b","protocol":"HTTP/1.1","#,
                r#""host":"example.com","status":200,"bytes":5,"duration_ms":0.0,"outcome":"complete"}"#,
            )
        );
    });
}

#[test]
fn the_target_has_the_form_that_it_was_sent_in() {
    run(async {
        for (method, target, version, expected) in [
            (
                "GET",
                "http://example.com/a?b",
                http::Version::HTTP_11,
                "http://example.com/a?b",
            ),
            (
                "GET",
                "http://example.com/a?b",
                http::Version::HTTP_2,
                "/a?b",
            ),
            (
                "GET",
                "http://example.com/a?b",
                http::Version::HTTP_3,
                "/a?b",
            ),
            ("OPTIONS", "*", http::Version::HTTP_11, "*"),
            (
                "CONNECT",
                "example.com:443",
                http::Version::HTTP_11,
                "example.com:443",
            ),
            (
                "CONNECT",
                "example.com:443",
                http::Version::HTTP_2,
                "example.com:443",
            ),
        ] {
            let request = http::Request::builder()
                .method(method)
                .uri(target)
                .version(version);
            let line = line_of(JsonFormat::new(), request.body(Full::default()).unwrap()).await;
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(line["target"], expected);
            assert_eq!(line["protocol"], format!("{version:?}"));
            let host = line
                .get("host")
                .and_then(|host| host.as_str())
                .unwrap_or("-");
            assert!(expected == "*" || host.starts_with("example.com"), "{host}");
        }
    });
}
