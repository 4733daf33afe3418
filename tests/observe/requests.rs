use std::future::pending;
use std::time::Duration;

use futures_util::stream;
use http::StatusCode;
use transom::features::RequestLifetime;
use transom::testing::{TestClient, TestServer};
use transom::{Body, Error, Request, RequestExt, Response};

use crate::recorded::recorded;

const DURATION: &str = "http.server.request.duration";
const ACTIVE: &str = "http.server.active_requests";

async fn client() -> TestClient {
    let app = |request: Request| async move {
        match request.uri().path() {
            "/panic" => panic!("on purpose"),
            "/endless" => pending().await,
            "/hang-up" => {
                request.feature::<RequestLifetime>().unwrap().abort();
                pending().await
            }
            "/slow" => Response::new(Body::from_stream(stream::pending::<Result<&str, Error>>())),
            "/broken" => {
                let broken = stream::iter([Ok("some"), Err("on purpose")]);
                Response::new(Body::from_stream(broken))
            }
            "/no-answer" => status(StatusCode::EARLY_HINTS),
            "/overloaded" => status(StatusCode::SERVICE_UNAVAILABLE),
            "/missing" => status(StatusCode::NOT_FOUND),
            _ => Response::new(Body::from("hello")),
        }
    };
    TestServer::new().start(app).await.unwrap()
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Gets a path, and takes all of the answer that there is.
async fn get(client: &TestClient, path: &str) {
    if let Ok(response) = client.get(path).await {
        let _ = response.into_body().collect(64).await;
    }
}

#[tokio::test]
async fn a_request_is_measured_under_the_names_of_opentelemetry() {
    recorded!(measured);
    let client = client().await;
    get(&client, "/").await;
    get(&client, "/").await;
    let expected = "http.server.request.duration{http.request.method=GET,http.response.status_code=200,\
                    network.protocol.version=1.1,url.scheme=http}";
    assert_eq!(measured.series(DURATION), [(expected.to_owned(), 2.0)]);
    let expected = "http.server.active_requests{http.request.method=GET,url.scheme=http}";
    assert_eq!(measured.series(ACTIVE), [(expected.to_owned(), 0.0)]);
    assert_eq!(measured.unit(DURATION).as_deref(), Some("seconds"));
    assert_eq!(measured.unit(ACTIVE).as_deref(), Some("count"));
}

#[tokio::test]
async fn a_request_is_in_flight_until_its_response_is_gone() {
    recorded!(measured);
    let client = client().await;
    let response = client.get("/slow").await.unwrap();
    get(&client, "/missing").await;
    assert_eq!(measured.value(ACTIVE), 1.0);
    assert_eq!(measured.series(DURATION).len(), 1);
    drop(response);
    while measured.value(ACTIVE) > 0.0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(measured.series(DURATION).len(), 2);
}

#[tokio::test]
async fn a_method_that_a_client_makes_up_is_not_a_series_of_its_own() {
    recorded!(measured);
    let client = client().await;
    for method in ["BREW", "WHEN"] {
        let request = http::Request::builder().method(method).uri("/").body("");
        client.send(request.unwrap()).await.unwrap();
    }
    assert_eq!(measured.series(ACTIVE).len(), 1);
    assert_eq!(
        measured.value("http.server.request.duration{http.request.method=_OTHER,"),
        2.0
    );
}

#[tokio::test]
async fn what_went_wrong_is_the_type_of_the_error() {
    recorded!(measured);
    let client = client().await;
    for path in [
        "/panic",
        "/hang-up",
        "/broken",
        "/no-answer",
        "/overloaded",
        "/missing",
    ] {
        get(&client, path).await;
    }
    let gives_up = tokio::time::timeout(Duration::from_millis(20), client.get("/endless"));
    assert!(gives_up.await.is_err());
    while measured.value(ACTIVE) > 0.0 {
        tokio::task::yield_now().await;
    }

    let seen: Vec<_> = measured
        .series(DURATION)
        .into_iter()
        .map(|(name, count)| {
            assert_eq!(count, 1.0, "{name}");
            let label = |key: &str| {
                let (_, rest) = name.split_once(&format!("{key}="))?;
                Some(rest.split([',', '}']).next().unwrap().to_owned())
            };
            let status = label("http.response.status_code").unwrap_or_default();
            format!("{status} {}", label("error.type").unwrap_or_default())
        })
        .collect();
    let mut expected = [
        "500 panic",
        " aborted",
        "200 response_body",
        "500 invalid_response",
        "503 503",
        "404 ",
        " incomplete",
    ];
    expected.sort_unstable();
    let mut seen: Vec<_> = seen.iter().map(String::as_str).collect();
    seen.sort_unstable();
    assert_eq!(seen, expected);
}
