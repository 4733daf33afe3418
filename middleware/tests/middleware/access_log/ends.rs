//! One line, whatever becomes of a request.

use std::future::pending;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use tower_layer::Layer;
use transom::features::{RequestExt, RequestLifetime, Upgrade};
use transom::testing::TestServer;
use transom::{ApplicationBuilder, Body, Request, Response};
use transom_middleware::access_log::{AccessLogLayer, JsonFormat, LogFormat, W3cField, W3cFormat};
use transom_middleware::exception_handler::ExceptionHandlerLayer;

use super::{Log, ask, get, read};
use crate::support::run;

/// Status, bytes and outcome, which is all that the tests below look at.
fn short() -> W3cFormat {
    W3cFormat::new().with_fields([W3cField::Status, W3cField::BytesSent, W3cField::Outcome])
}

/// Two pieces, then whatever follows.
fn begun(rest: impl futures_util::Stream<Item = Piece> + Send + 'static) -> Body {
    Body::from_stream(stream::iter([Ok("12345"), Ok("678")]).chain(rest))
}

type Piece = Result<&'static str, std::io::Error>;

fn app(log: &Log) -> transom::App {
    ApplicationBuilder::new().layer(log.layer()).run_fn(answer)
}

async fn answer(request: Request) -> Response {
    let path = request.uri().path();
    let body = match path {
        "/text" | "/204" | "/304" => Body::from("hello"),
        "/stream" => begun(stream::iter([Ok("9")])),
        "/endless" | "/announced" | "/aborted" => begun(stream::pending()),
        "/broken" => begun(stream::iter([Err(std::io::Error::other("a mistake"))])),
        "/panics-later" => begun(stream::poll_fn(|_| panic!("on purpose"))),
        "/panics" => panic!("on purpose"),
        "/aborted-before" => {
            request.feature::<RequestLifetime>().unwrap().abort();
            pending().await
        }
        "/gone" => {
            request.feature::<RequestLifetime>().unwrap().disconnect();
            Body::from("hello")
        }
        "/never" => pending().await,
        _ => Body::empty(),
    };
    if path == "/aborted" {
        let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            lifetime.abort();
        });
    }
    let mut response = Response::new(body);
    if path == "/announced" {
        let length = http::HeaderValue::from_static("8");
        response.headers_mut().insert("content-length", length);
    }
    if let Ok(status) = path[1..].parse() {
        *response.status_mut() = status;
    }
    response
}

async fn line_of(method: &str, path: &str) -> String {
    let log = Log::new(short());
    let request = get(path).method(method).body(Body::empty()).unwrap();
    let client = TestServer::new().start(app(&log)).await.unwrap();
    if let Ok(response) = client.send(request).await {
        // An error of the content is the client's to see.
        let _ = response.into_body().collect(100).await;
    }
    log.wait().await
}

#[test]
fn a_response_that_was_taken_is_complete_and_its_content_is_counted() {
    run(async {
        assert_eq!(line_of("GET", "/text").await, "200 5 complete");
        assert_eq!(line_of("GET", "/stream").await, "200 9 complete");
        assert_eq!(line_of("GET", "/empty").await, "200 0 complete");
        assert_eq!(line_of("GET", "/404").await, "404 0 complete");
    });
}

#[test]
fn a_response_is_complete_at_its_announced_length() {
    run(async {
        let log = Log::new(short());
        let client = TestServer::new().start(app(&log)).await.unwrap();
        let mut body = client.get("/announced").await.unwrap().into_body();
        for _ in 0..2 {
            body.frame().await.unwrap().unwrap();
        }
        assert_eq!(log.wait().await, "200 8 complete");
        drop(body);
        assert_eq!(log.lines().len(), 1);
    });
}

#[test]
fn what_has_no_content_has_no_bytes_whatever_the_application_says() {
    run(async {
        assert_eq!(line_of("HEAD", "/text").await, "200 0 complete");
        assert_eq!(line_of("HEAD", "/endless").await, "200 0 complete");
        assert_eq!(line_of("GET", "/204").await, "204 0 complete");
        assert_eq!(line_of("GET", "/304").await, "304 0 complete");
    });
}

#[test]
fn what_fails_is_told_from_what_is_complete() {
    run(async {
        assert_eq!(line_of("GET", "/broken").await, "200 8 failed");
        assert_eq!(line_of("GET", "/panics").await, "500 0 panicked");
        assert_eq!(line_of("GET", "/panics-later").await, "200 8 panicked");
        assert_eq!(line_of("GET", "/aborted").await, "200 8 aborted");
        assert_eq!(line_of("GET", "/aborted-before").await, "499 0 aborted");
        assert_eq!(line_of("GET", "/gone").await, "200 5 disconnected");
    });
}

#[test]
fn a_call_that_panics_is_logged_too() {
    run(async {
        let log = Log::new(short());
        let app = ApplicationBuilder::new().layer(log.layer());
        let app = app.run_fn(|_: Request| -> std::future::Ready<()> { panic!("on purpose") });
        assert_eq!(ask(app, Request::new(Body::empty())).await, (500, 0));
        assert_eq!(log.line(), "500 0 panicked");
    });
}

#[test]
fn a_failure_that_is_answered_further_in_is_an_answer() {
    run(async {
        let log = Log::new(short());
        let app = ApplicationBuilder::new()
            .layer(log.layer())
            .layer(ExceptionHandlerLayer::new())
            .run_fn(answer);
        let (status, bytes) = ask(app, get("/panics").body(Body::empty()).unwrap()).await;
        assert_eq!(status, 500);
        assert_eq!(log.line(), format!("500 {bytes} complete"));
    });
}

#[test]
fn a_client_that_goes_before_it_is_answered_has_499() {
    run(async {
        let log = Log::new(short());
        let client = TestServer::new().start(app(&log)).await.unwrap();
        let gone = tokio::time::timeout(Duration::from_millis(20), client.get("/never")).await;
        assert!(gone.is_err());
        assert_eq!(log.wait().await, "499 0 disconnected");
    });
}

#[test]
fn a_client_that_goes_later_has_what_it_got_and_every_format_shows_it() {
    run(async {
        let json = r#""status":200,"bytes":8,"duration_ms":0.0,"outcome":"disconnected""#;
        let formats: [(LogFormat, &str); 4] = [
            (LogFormat::Common, r#" HTTP/1.1" 499 8"#),
            (LogFormat::Combined, r#" HTTP/1.1" 499 8 "-" "-""#),
            (short().into(), "200 8 disconnected"),
            (JsonFormat::new().into(), json),
        ];
        for (format, expected) in formats {
            let log = Log::new(format);
            let client = TestServer::new().start(app(&log)).await.unwrap();
            let mut body = client.get("/endless").await.unwrap().into_body();
            for _ in 0..2 {
                body.frame().await.unwrap().unwrap();
            }
            assert!(log.lines().is_empty(), "it is not over yet");
            drop(body);
            let line = log.wait().await;
            assert!(line.contains(expected), "{line}");
        }
    });
}

#[test]
fn a_stream_of_events_is_logged_when_it_is_left() {
    run(async {
        let log = Log::new(short());
        let app = ApplicationBuilder::new()
            .layer(log.layer())
            .run_fn(|_| async {
                let events = stream::repeat_with(|| Ok::<_, std::io::Error>("data: 1\n\n"));
                Body::from_stream(events)
            });
        let client = TestServer::new().start(app).await.unwrap();
        let mut body = client.get("/").await.unwrap().into_body();
        for _ in 0..3 {
            body.frame().await.unwrap().unwrap();
        }
        drop(body);
        let line = log.wait().await;
        let bytes = line.strip_prefix("200 ").unwrap();
        let bytes: usize = bytes
            .strip_suffix(" disconnected")
            .unwrap()
            .parse()
            .unwrap();
        assert!(bytes >= 27 && bytes.is_multiple_of(9), "{line}");
    });
}

#[test]
fn an_upgraded_connection_is_logged_with_its_101() {
    use futures_util::{AsyncReadExt, AsyncWriteExt};

    async fn shout(request: Request) -> Response {
        let upgrading = request.feature::<dyn Upgrade>().unwrap().accept().unwrap();
        tokio::spawn(async move {
            let mut connection = upgrading.await.unwrap();
            connection.write_all(b"hello").await.unwrap();
            connection.close().await.unwrap();
        });
        let head = http::Response::builder()
            .status(101)
            .header("connection", "upgrade")
            .header("upgrade", "shout");
        head.body(Body::empty()).unwrap()
    }

    run(async {
        let log = Log::new(short());
        let app = ApplicationBuilder::new().layer(log.layer()).run_fn(shout);
        let client = TestServer::new().start(app).await.unwrap();
        let request = get("/")
            .header("connection", "upgrade")
            .header("upgrade", "shout");
        let request = request.body(Body::empty()).unwrap();
        let (response, connection) = client.upgrade(request).await.unwrap();
        assert_eq!(response.status(), 101);
        assert_eq!(log.line(), "101 0 complete");
        let mut said = String::new();
        connection.unwrap().read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "hello");
        assert_eq!(log.lines().len(), 1);
    });
}

#[test]
fn an_error_of_the_service_is_handed_on_and_logged() {
    run(async {
        let log = Log::new(short());
        let service = tower::service_fn(|_: Request| async {
            Err::<Response, _>(std::io::Error::other("a mistake"))
        });
        let service = log.layer().layer(service);
        let answer = tower::ServiceExt::oneshot(service, Request::new(Body::empty()));
        assert_eq!(answer.await.unwrap_err().to_string(), "a mistake");
        assert_eq!(log.line(), "500 0 failed");
    });
}

#[test]
fn each_layer_logs_for_itself() {
    run(async {
        let (outer, inner) = (Log::new(short()), Log::new(short()));
        let app = ApplicationBuilder::new()
            .layer(outer.layer())
            .layer(AccessLogLayer::to_tracing())
            .map("/a", |branch| branch.layer(inner.layer()).run_fn(answer))
            .run_fn(answer);
        let client = TestServer::new().start(app).await.unwrap();
        for path in ["/a/text", "/text"] {
            read(client.get(path).await.unwrap()).await;
        }
        assert_eq!(inner.line(), "200 5 complete");
        assert_eq!(outer.lines(), ["200 5 complete", "200 5 complete"]);
    });
}
