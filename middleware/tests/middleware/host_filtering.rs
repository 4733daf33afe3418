//! Which hosts are let through, and what others get.

use tower_layer::Layer;
use transom::{ApplicationBuilder, Body, Response};
use transom_middleware::host_filtering::HostFilteringLayer;

use crate::support::{run, send, text};

/// Asks for these hosts, each in a `Host` field of its own, and returns the answer.
async fn ask(layer: HostFilteringLayer, hosts: &[&[u8]]) -> Response {
    let app = ApplicationBuilder::new()
        .layer(layer)
        .run_fn(|_| async { "inside" });
    let mut request = http::Request::get("/");
    for host in hosts {
        request = request.header("host", *host);
    }
    send(app, request.body(Body::empty()).unwrap()).await
}

fn let_through(patterns: &[&str], host: &str) -> bool {
    let layer = HostFilteringLayer::new(patterns).unwrap();
    passes(layer, &[host.as_bytes()])
}

fn passes(layer: HostFilteringLayer, hosts: &[&[u8]]) -> bool {
    let status = run(ask(layer, hosts)).status().as_u16();
    assert!([200, 400].contains(&status), "{status}");
    status == 200
}

#[test]
fn a_host_on_the_list_is_let_through_whatever_its_case_and_port() {
    let patterns = ["Example.com", "192.0.2.1", "[2001:db8::1]"];
    for host in [
        "example.com",
        "EXAMPLE.com:8080",
        "192.0.2.1:1",
        "[2001:DB8::1]",
        "[2001:db8::1]:443",
        " example.com ",
    ] {
        assert!(let_through(&patterns, host), "{host}");
    }
    for host in [
        "example.org",
        "www.example.com",
        "192.0.2.2",
        "[2001:db8::2]",
        "2001:db8::1",
        "example.com.evil",
    ] {
        assert!(!let_through(&patterns, host), "{host}");
    }
}

#[test]
fn a_star_before_a_name_allows_what_is_below_it() {
    assert!(let_through(&["*.example.com"], "a.example.com"));
    assert!(let_through(&["*.example.com"], "a.b.Example.com:80"));
    assert!(!let_through(&["*.example.com"], "example.com"));
    assert!(!let_through(&["*.example.com"], "badexample.com"));
}

#[test]
fn a_pattern_for_all_allows_whatever_is_not_empty() {
    for all in ["*", "[::]", "0.0.0.0"] {
        assert!(let_through(&["example.com", all], "anything"), "{all}");
        let strict = HostFilteringLayer::new([all])
            .unwrap()
            .with_empty_hosts(false);
        assert!(!passes(strict, &[b""]), "{all}");
    }
}

#[test]
fn an_empty_host_is_let_through_unless_told_otherwise() {
    let layer = HostFilteringLayer::new(["example.com"]).unwrap();
    for empty in [&b""[..], b"  "] {
        assert!(passes(layer.clone(), &[empty]));
        assert!(!passes(layer.clone().with_empty_hosts(false), &[empty]));
    }
}

#[test]
fn malformed_hosts_and_several_hosts_are_refused() {
    for host in [
        "example.com:",
        "example.com:x",
        "example.com/",
        "a@example.com",
        "example.com example.com",
        "[::1",
        ":80",
    ] {
        assert!(!let_through(&["example.com"], host), "{host}");
    }
    let layer = HostFilteringLayer::new(["example.com"]).unwrap();
    assert!(!passes(layer, &[b"\xff"]));
    let any = HostFilteringLayer::new(["*"]).unwrap();
    assert!(!passes(any, &[b"example.com", b"example.com"]));
}

#[test]
fn a_refusal_says_why_in_a_small_page_or_not_at_all() {
    run(async {
        let layer = HostFilteringLayer::new(["example.com"]).unwrap();
        let response = ask(layer.clone(), &[b"evil.example"]).await;
        assert_eq!(response.status(), 400);
        assert_eq!(
            response.headers()["content-type"],
            "text/html; charset=utf-8"
        );
        let length = response.headers()["content-length"]
            .to_str()
            .unwrap()
            .to_owned();
        let page = text(response).await;
        assert!(page.contains("<h1>Bad Request</h1>"), "{page}");
        assert!(!page.contains("evil"), "{page}");
        assert_eq!(length, page.len().to_string());

        let response = ask(layer.with_failure_message(false), &[b"evil.example"]).await;
        assert_eq!(response.status(), 400);
        assert!(!response.headers().contains_key("content-type"));
        assert_eq!(text(response).await, "");
    });
}

#[test]
fn an_authority_in_the_uri_has_to_be_allowed_too() {
    let layer = HostFilteringLayer::new(["example.com"]).unwrap();
    let status = |uri: &str, host: Option<&str>| {
        let service = tower::service_fn(|_: http::Request<()>| async {
            Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
        });
        let mut request = http::Request::get(uri);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let answer = tower::ServiceExt::oneshot(layer.layer(service), request.body(()).unwrap());
        run(answer).unwrap().status().as_u16()
    };
    assert_eq!(status("https://example.com:444/", None), 200);
    assert_eq!(status("https://a@example.com/", None), 200);
    assert_eq!(status("https://evil.example/", None), 400);
    assert_eq!(status("https://example.com@evil.example/", None), 400);
    assert_eq!(status("https://evil.example/", Some("example.com")), 400);
    assert_eq!(status("https://example.com/", Some("evil.example")), 400);
    assert_eq!(status("/", None), 200);
}

#[test]
fn a_list_without_patterns_or_with_a_malformed_one_is_refused_at_once() {
    let none = HostFilteringLayer::new(<[&str; 0]>::default()).unwrap_err();
    assert!(
        none.to_string()
            .starts_with("there is no pattern of hosts: at least one is needed")
    );
    let port = HostFilteringLayer::new(["example.com:80"]).unwrap_err();
    assert!(port.to_string().contains("`example.com:80`"));
}
