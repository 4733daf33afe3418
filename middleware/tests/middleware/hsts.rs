//! Who is told to come over https only, and in which words.

use std::time::Duration;

use http::StatusCode;
use tower_layer::Layer;
use transom::features::Scheme;
use transom::{ApplicationBuilder, Body, Response};
use transom_middleware::hsts::HstsLayer;

use crate::support::{run, send, with_feature};

fn told(layer: HstsLayer, scheme: Scheme, host: &str) -> Option<String> {
    let app = with_feature(ApplicationBuilder::new(), scheme).layer(layer);
    let request = http::Request::get("/").header("host", host);
    let app = app.run_fn(|_| async { StatusCode::NOT_FOUND });
    let response = run(send(app, request.body(Body::empty()).unwrap()));
    assert_eq!(response.status(), 404);
    field(&response)
}

fn field(response: &Response) -> Option<String> {
    let mut fields = response
        .headers()
        .get_all("strict-transport-security")
        .iter();
    let field = fields.next()?;
    assert!(fields.next().is_none(), "once is enough");
    Some(field.to_str().unwrap().to_owned())
}

fn says(layer: HstsLayer) -> String {
    told(layer, Scheme::Https, "example.com").unwrap()
}

#[test]
fn a_browser_is_told_over_https_only() {
    let thirty_days = Some("max-age=2592000".to_owned());
    assert_eq!(
        told(HstsLayer::new(), Scheme::Https, "example.com"),
        thirty_days
    );
    assert_eq!(told(HstsLayer::new(), Scheme::Http, "example.com"), None);
}

#[test]
fn the_words_follow_the_options() {
    let seconds = |seconds| HstsLayer::new().with_max_age(Duration::from_secs_f64(seconds));
    assert_eq!(says(seconds(60.9)), "max-age=60", "whole seconds");
    assert_eq!(says(seconds(0.0)), "max-age=0");
    assert_eq!(
        says(seconds(1.0).with_include_subdomains(true)),
        "max-age=1; includeSubDomains"
    );
    assert_eq!(says(seconds(1.0).with_preload(true)), "max-age=1; preload");
    let both = seconds(1.0)
        .with_preload(true)
        .with_include_subdomains(true);
    assert_eq!(says(both), "max-age=1; includeSubDomains; preload");
    let longest = HstsLayer::new().with_max_age(Duration::MAX);
    assert_eq!(says(longest), format!("max-age={}", u64::MAX));
}

#[test]
fn this_machine_is_not_told_by_default() {
    for host in [
        "localhost",
        "LocalHost:5001",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:443",
    ] {
        assert_eq!(told(HstsLayer::new(), Scheme::Https, host), None, "{host}");
    }
    for host in ["localhost.example.com", "127.0.0.2", "[::2]", "", "a b"] {
        assert!(
            told(HstsLayer::new(), Scheme::Https, host).is_some(),
            "{host}"
        );
    }
}

#[test]
fn other_hosts_can_be_left_out_instead() {
    let layer = || {
        HstsLayer::new()
            .with_excluded_hosts(["Example.com", "*.example.org"])
            .unwrap()
    };
    assert_eq!(told(layer(), Scheme::Https, "example.com:444"), None);
    assert_eq!(told(layer(), Scheme::Https, "a.example.org"), None);
    assert!(told(layer(), Scheme::Https, "localhost").is_some());
    let nobody = HstsLayer::new()
        .with_excluded_hosts(<[&str; 0]>::default())
        .unwrap();
    assert!(told(nobody, Scheme::Https, "localhost").is_some());
    let error = HstsLayer::new().with_excluded_hosts(["a:1"]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`a:1` is not a pattern of hosts")
    );
}

#[test]
fn what_the_application_says_stands() {
    let app = with_feature(ApplicationBuilder::new(), Scheme::Https)
        .layer(HstsLayer::new())
        .run_fn(|_| async {
            http::Response::builder()
                .header("strict-transport-security", "max-age=1")
                .body(Body::empty())
                .unwrap()
        });
    let request = http::Request::get("/")
        .header("host", "a")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        field(&run(send(app, request))).as_deref(),
        Some("max-age=1")
    );
}

#[test]
fn outside_of_transom_the_uri_says_the_scheme_or_nobody_does() {
    let answer = |uri: &str| {
        let service = tower::service_fn(|_: http::Request<()>| async {
            Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
        });
        let request = http::Request::get(uri).body(()).unwrap();
        let service = HstsLayer::new().layer(service);
        field(&run(tower::ServiceExt::oneshot(service, request)).unwrap())
    };
    assert!(answer("https://a/").is_some());
    assert_eq!(answer("https://localhost:1/"), None);
    assert_eq!(answer("http://a/"), None);
    assert_eq!(answer("/"), None);
}
