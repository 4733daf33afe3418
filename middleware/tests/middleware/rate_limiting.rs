//! Whose requests count together, how many are handed on, and what the others are told.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode};
use transom::body::BoxError;
use transom::features::{ConnectionInfo, Endpoint, Transport};
use transom::testing::{TestClient, TestServer};
use transom::{ApplicationBuilder, Body, Request, RequestExt};
use transom_middleware::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};
use transom_middleware::rate_limiting::{
    Quota, RateLimitDecision, RateLimitKey, RateLimitStore, RateLimitingLayer, WithoutStore,
};

use crate::support::{coming_from, run};

const MINUTE: Duration = Duration::from_secs(60);

/// A clock that is set by hand.
#[derive(Clone)]
struct Clock(Arc<Mutex<Instant>>);

impl Clock {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn go_on(&self, seconds: f64) {
        *self.0.lock().unwrap() += Duration::from_secs_f64(seconds);
    }

    fn tells(&self, layer: RateLimitingLayer) -> RateLimitingLayer {
        let clock = self.clone();
        layer.with_clock(move || *clock.0.lock().unwrap())
    }
}

/// An application whose requests come from where the field `from` says.
async fn start(layer: RateLimitingLayer) -> TestClient {
    let app = ApplicationBuilder::new()
        .use_fn(|mut request: Request, next| {
            let from = request.headers().get("from");
            if let Some(from) = from.and_then(|from| from.to_str().ok()?.parse().ok()) {
                let info = ConnectionInfo::new(Transport::Tcp);
                let info = info.with_remote(Endpoint::Ip(from));
                request.features_mut().insert(info);
            }
            next.run(request)
        })
        .layer(layer)
        .run_fn(|_| async { "hello" });
    TestServer::new().start(app).await.unwrap()
}

async fn ask(client: &TestClient, from: &str) -> (u16, HeaderMap) {
    let request = http::Request::get("/").header("from", from);
    let response = client.send(request.body(Body::empty()).unwrap()).await;
    let (head, body) = response.unwrap().into_parts();
    let content = body.collect(10).await.unwrap();
    assert_eq!(content, if head.status == 200 { "hello" } else { "" });
    (head.status.as_u16(), head.headers)
}

async fn status(client: &TestClient, from: &str) -> u16 {
    ask(client, from).await.0
}

/// Asks so often, and returns how often it was let through.
async fn through(client: &TestClient, from: &str, times: usize) -> usize {
    let mut through = 0;
    for _ in 0..times {
        through += usize::from(status(client, from).await == 200);
    }
    through
}

#[test]
fn a_fixed_window_lets_so_many_through_and_begins_again_when_it_ends() {
    run(async {
        let clock = Clock::new();
        let quota = Quota::fixed_window(3, MINUTE);
        let client = start(clock.tells(RateLimitingLayer::new(quota))).await;
        assert_eq!(through(&client, "192.0.2.1", 5).await, 3);
        clock.go_on(59.5);
        let (status, fields) = ask(&client, "192.0.2.1").await;
        assert_eq!(
            (status, &fields["retry-after"]),
            (429, &"1".parse().unwrap())
        );
        assert!(!fields.contains_key("ratelimit"));
        clock.go_on(0.5);
        assert_eq!(through(&client, "192.0.2.1", 5).await, 3);
    });
}

#[test]
fn a_sliding_window_forgets_by_eighths_and_never_too_early() {
    run(async {
        let clock = Clock::new();
        let quota = Quota::sliding_window(8, Duration::from_secs(8));
        let client = start(clock.tells(RateLimitingLayer::new(quota))).await;
        for _ in 0..4 {
            assert_eq!(through(&client, "192.0.2.1", 2).await, 2);
            clock.go_on(1.0);
        }
        assert_eq!(status(&client, "192.0.2.1").await, 429);
        clock.go_on(4.0); // The window begins where the first were.
        let (status, fields) = ask(&client, "192.0.2.1").await;
        assert_eq!(
            (status, &fields["retry-after"]),
            (429, &"1".parse().unwrap())
        );
        clock.go_on(1.0);
        assert_eq!(through(&client, "192.0.2.1", 5).await, 2);
    });
}

#[test]
fn a_bucket_has_a_burst_and_a_rate() {
    run(async {
        let clock = Clock::new();
        let quota = Quota::token_bucket(5, 2, Duration::from_secs(1));
        let client = start(clock.tells(RateLimitingLayer::new(quota))).await;
        assert_eq!(through(&client, "192.0.2.1", 9).await, 5);
        clock.go_on(1.5);
        assert_eq!(through(&client, "192.0.2.1", 9).await, 3);
        clock.go_on(1000.0);
        assert_eq!(
            through(&client, "192.0.2.1", 9).await,
            5,
            "no more than the burst"
        );
    });
}

#[test]
fn each_client_has_its_own_and_a_network_of_ipv6_is_one_client() {
    run(async {
        let client = start(RateLimitingLayer::new(Quota::fixed_window(1, MINUTE))).await;
        for (from, expected) in [
            ("192.0.2.1", 200),
            ("192.0.2.1", 429),
            ("192.0.2.2", 200),
            ("::ffff:192.0.2.2", 429),
            ("2001:db8::1", 200),
            ("2001:db8::ffff:0:0:1", 429),
            ("2001:db8:0:1::1", 200),
            // They have no address that is known.
            ("-", 200),
            ("nobody", 429),
        ] {
            assert_eq!(status(&client, from).await, expected, "{from}");
        }
    });
}

#[test]
fn a_client_is_who_the_trusted_proxy_says() {
    run(async {
        let limits = RateLimitingLayer::new(Quota::fixed_window(1, MINUTE));
        let app = coming_from(ApplicationBuilder::new(), Some("127.0.0.1:1"))
            .layer(ForwardedHeadersLayer::new([ForwardedPart::For]))
            .layer(limits)
            .run_fn(|_| async { "hello" });
        let client = TestServer::new().start(app).await.unwrap();
        for (for_, expected) in [("192.0.2.1", 200), ("192.0.2.2", 200), ("192.0.2.1", 429)] {
            let request = http::Request::get("/").header("x-forwarded-for", for_);
            let response = client.send(request.body("").unwrap()).await.unwrap();
            assert_eq!(response.status(), expected, "{for_}");
        }
    });
}

#[test]
fn the_key_can_be_anything_and_who_has_none_is_not_counted() {
    run(async {
        let layer = RateLimitingLayer::new(Quota::fixed_window(1, MINUTE))
            .with_key(|request| Some(request.headers.get("token")?.as_bytes().into()));
        let app = ApplicationBuilder::new().layer(layer.clone());
        let client = TestServer::new().start(app.run_fn(|_| async { "hello" }));
        let client = client.await.unwrap();
        let ask = async |token: Option<&[u8]>| {
            let mut request = http::Request::get("/");
            if let Some(token) = token {
                request = request.header("token", token);
            }
            let response = client.send(request.body("").unwrap()).await.unwrap();
            response.status().as_u16()
        };
        let (long, longer) = ("a".repeat(6_000), "a".repeat(6_001));
        assert_eq!(ask(None).await, 200);
        assert_eq!(ask(None).await, 200);
        for token in ["", "a", "A", &long, &longer] {
            assert_eq!(ask(Some(token.as_bytes())).await, 200);
            assert_eq!(ask(Some(token.as_bytes())).await, 429);
        }
        assert_eq!(ask(Some(b"\xff\xfe")).await, 200);
        assert_eq!(layer.keys(), 6);
    });
}

#[test]
fn keys_print_so_that_no_two_are_alike() {
    let print = |key: RateLimitKey| key.to_string();
    assert_eq!(print("192.0.2.1".into()), r#""192.0.2.1""#);
    assert_eq!(
        print(String::from("a\"b\\\r\n\u{0}é").into()),
        r#""a\"b\\\r\n\x00\xc3\xa9""#
    );
    let address = |text: &str| print(text.parse::<std::net::IpAddr>().unwrap().into());
    assert_eq!(address("192.0.2.1"), "192.0.2.1");
    assert_eq!(address("2001:db8::1"), "2001:db8::/64");
    assert_eq!(print(RateLimitKey::unknown()), "unknown");
    let digest = print("a".repeat(65).as_str().into());
    assert_eq!(digest.len(), "sha256:".len() + 64);
    assert!(digest.starts_with("sha256:"));
}

#[test]
fn there_is_an_end_of_the_keys_and_the_one_used_least_recently_is_forgotten() {
    run(async {
        let layer = RateLimitingLayer::new(Quota::fixed_window(1, MINUTE)).with_max_keys(2);
        let client = start(layer.clone()).await;
        for (from, expected) in [
            ("192.0.2.1", 200),
            ("192.0.2.2", 200),
            ("192.0.2.1", 429),
            ("192.0.2.3", 200), // The second is forgotten.
            ("192.0.2.1", 429),
            ("192.0.2.2", 200),
        ] {
            assert_eq!(status(&client, from).await, expected, "{from}");
        }
        for number in 0..=255 {
            status(&client, &format!("198.51.100.{number}")).await;
        }
        assert_eq!(layer.keys(), 2);
    });
}

#[test]
fn responses_say_what_is_left_where_they_shall() {
    run(async {
        let clock = Clock::new();
        let layer = RateLimitingLayer::new(Quota::fixed_window(2, MINUTE))
            .with_name("a \"b\\\r\né")
            .with_fields(true)
            .with_status(StatusCode::SERVICE_UNAVAILABLE);
        let client = start(clock.tells(layer)).await;
        for (expected, left) in [(200, 1), (200, 0), (503, 0)] {
            let (status, fields) = ask(&client, "192.0.2.1").await;
            assert_eq!(status, expected);
            let limit = fields["ratelimit"].to_str().unwrap();
            assert_eq!(limit, format!("\"a _b____\";r={left};t=60"));
            assert_eq!(fields["ratelimit-policy"], "\"a _b____\";q=2;w=60");
        }
    });
}

#[test]
fn two_layers_both_count_and_both_say_so() {
    run(async {
        let second = RateLimitingLayer::new(Quota::token_bucket(1, 1, MINUTE))
            .with_fields(true)
            .with_name("second");
        let first = RateLimitingLayer::new(Quota::fixed_window(5, MINUTE)).with_fields(true);
        let app = ApplicationBuilder::new()
            .layer(first)
            .map("/a", |branch| {
                branch.layer(second).run_fn(|_| async { "a" })
            })
            .run_fn(|_| async { "b" });
        let client = TestServer::new().start(app).await.unwrap();
        for (path, expected, said) in [("/a", 200, 2), ("/a", 429, 2), ("/", 200, 1)] {
            let response = client.get(path).await.unwrap();
            assert_eq!(response.status(), expected);
            let fields = response.headers().get_all("ratelimit").iter();
            assert_eq!(fields.count(), said);
        }
    });
}

/// A store that says what it is told to.
struct Says(Result<bool, &'static str>);

impl RateLimitStore for Says {
    fn take<'a>(
        &'a self,
        name: &'a str,
        key: &'a RateLimitKey,
        quota: &'a Quota,
    ) -> Pin<Box<dyn Future<Output = Result<RateLimitDecision, BoxError>> + Send + 'a>> {
        assert_eq!((name, key.to_string().as_str()), ("shared", "192.0.2.1"));
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(match self.0? {
                true => RateLimitDecision::allow(quota.limit() - 1, MINUTE),
                false => RateLimitDecision::refuse(Duration::from_millis(2500), MINUTE),
            })
        })
    }
}

#[test]
fn a_store_decides_and_while_it_is_away_an_option_does() {
    run(async {
        let layer = || {
            RateLimitingLayer::new(Quota::fixed_window(9, MINUTE))
                .with_name("shared")
                .with_fields(true)
        };
        let client = start(layer().with_store(Says(Ok(true)))).await;
        let (status, fields) = ask(&client, "192.0.2.1").await;
        assert_eq!(status, 200);
        assert_eq!(fields["ratelimit"], "\"shared\";r=8;t=60");

        let client = start(layer().with_store(Says(Ok(false)))).await;
        let (status, fields) = ask(&client, "192.0.2.1").await;
        assert_eq!(
            (status, &fields["retry-after"]),
            (429, &"3".parse().unwrap())
        );

        let away = || layer().with_store(Says(Err("no route")));
        let client = start(away()).await;
        let (status, fields) = ask(&client, "192.0.2.1").await;
        assert_eq!((status, fields.contains_key("ratelimit")), (200, false));

        let refusing = away().with_without_store(WithoutStore::Refuse);
        let (status, fields) = ask(&start(refusing).await, "192.0.2.1").await;
        assert_eq!(
            (status, &fields["retry-after"]),
            (503, &"1".parse().unwrap())
        );
    });
}

#[test]
fn a_redis_that_nobody_runs_is_away_and_a_url_that_is_none_is_refused_without_being_shown() {
    use transom_middleware::rate_limiting::RedisStore;
    run(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let store = RedisStore::new(&format!("redis://127.0.0.1:{port}/")).unwrap();
        let layer = RateLimitingLayer::new(Quota::fixed_window(1, MINUTE))
            .with_store(store)
            .with_without_store(WithoutStore::Refuse);
        assert_eq!(status(&start(layer).await, "192.0.2.1").await, 503);
        let error = RedisStore::new("http://:secret@a/").unwrap_err();
        assert!(error.to_string().contains("redis://127.0.0.1:6379/"));
        assert!(!format!("{error} {error:?}").contains("secret"));
        let store = RedisStore::new("redis://:secret@127.0.0.1/").unwrap();
        assert!(!format!("{store:?}").contains("secret"));
    });
}
