//! Who is redirected, and where to.

use std::process::Command;

use http::StatusCode;
use tower_layer::Layer;
use transom::features::{PathBase, Scheme, ServerAddresses};
use transom::{ApplicationBuilder, Body, Response};
use transom_middleware::https_redirection::HttpsRedirectionLayer;

use crate::support::{run, send, with_feature};

fn bound(addresses: &[&str]) -> ServerAddresses {
    let addresses = addresses.iter().map(|text| text.parse().unwrap());
    ServerAddresses::new(Vec::new(), addresses.collect())
}

/// Asks for `target` at `host`, and returns the status and the location.
fn ask(app: ApplicationBuilder, host: &str, target: &str) -> (u16, String) {
    let request = http::Request::get(target).header("host", host);
    let app = app.run_fn(|_| async { "inside" });
    let response = run(send(app, request.body(Body::empty()).unwrap()));
    summary(&response)
}

fn summary(response: &Response) -> (u16, String) {
    let location = response.headers().get("location");
    let location = location.map_or("", |location| location.to_str().unwrap());
    (response.status().as_u16(), location.to_owned())
}

fn redirected(location: &str) -> (u16, String) {
    (307, location.to_owned())
}

fn let_through() -> (u16, String) {
    (200, String::new())
}

fn on(port: u16) -> ApplicationBuilder {
    ApplicationBuilder::new().layer(HttpsRedirectionLayer::new().with_https_port(port))
}

/// The port is looked for in the addresses of a server with these.
fn among(addresses: &[&str]) -> (u16, String) {
    let app = with_feature(ApplicationBuilder::new(), bound(addresses));
    ask(app.layer(HttpsRedirectionLayer::new()), "a", "/")
}

#[test]
fn the_place_is_the_host_without_its_port_the_path_and_the_query() {
    assert_eq!(
        ask(on(443), "Example.com:80", "/a%2Fb?c=d&e"),
        redirected("https://Example.com/a%2Fb?c=d&e")
    );
    assert_eq!(
        ask(on(8443), "example.com", "/"),
        redirected("https://example.com:8443/")
    );
    assert_eq!(
        ask(on(8443), "[2001:db8::1]:80", "/x"),
        redirected("https://[2001:db8::1]:8443/x")
    );
    assert_eq!(
        ask(on(443), "a", "//evil.example/"),
        redirected("https://a//evil.example/")
    );
}

#[test]
fn the_path_base_is_in_the_place() {
    let app = with_feature(ApplicationBuilder::new(), PathBase::new("/app").unwrap());
    let app = app.layer(HttpsRedirectionLayer::new().with_https_port(443));
    assert_eq!(ask(app, "a", "/b?c"), redirected("https://a/app/b?c"));
}

#[test]
fn a_request_over_https_is_let_through() {
    let app = with_feature(ApplicationBuilder::new(), Scheme::Https);
    let app = app.layer(HttpsRedirectionLayer::new().with_https_port(443));
    assert_eq!(ask(app, "a", "/"), let_through());
}

#[test]
fn a_request_without_a_host_that_can_be_written_gets_400() {
    for host in ["", " ", "a b", "a/b", "evil@a", ":80", "[::1", "a:x"] {
        assert_eq!(ask(on(443), host, "/"), (400, String::new()), "{host}");
    }
}

#[test]
fn what_has_no_path_is_let_through() {
    for (method, target, host) in [("OPTIONS", "*", "a"), ("CONNECT", "a:80", "a:80")] {
        let request = http::Request::builder().method(method).uri(target);
        let request = request.header("host", host).body(Body::empty()).unwrap();
        let app = on(443).run_fn(|_| async { StatusCode::ACCEPTED });
        assert_eq!(run(send(app, request)).status(), 202, "{method}");
    }
}

#[test]
fn the_status_can_be_any_that_redirects() {
    for status in [301, 302, 307, 308] {
        let status = StatusCode::from_u16(status).unwrap();
        let layer = HttpsRedirectionLayer::new().with_https_port(443);
        let app = ApplicationBuilder::new().layer(layer.with_status_code(status).unwrap());
        assert_eq!(ask(app, "a", "/").0, status.as_u16());
    }
    let error = HttpsRedirectionLayer::new()
        .with_status_code(StatusCode::OK)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "200 does not redirect; 301, 302, 307 and 308 do"
    );
}

#[test]
fn the_port_is_that_of_the_https_address_of_the_server() {
    let addresses = [
        "http://127.0.0.1:80",
        "https://127.0.0.1:444",
        "https://[::1]:444",
        "https://unix:/run/x",
    ];
    assert_eq!(among(&addresses), redirected("https://a:444/"));
    assert_eq!(
        among(&["http://127.0.0.1:80"]),
        let_through(),
        "no port, no redirection"
    );
    assert_eq!(
        among(&["https://*:444", "https://*:445"]),
        (500, String::new()),
        "which one?"
    );
}

#[test]
fn an_option_goes_before_the_addresses() {
    let app = with_feature(
        ApplicationBuilder::new(),
        bound(&["https://*:444", "https://*:445"]),
    );
    let app = app.layer(HttpsRedirectionLayer::new().with_https_port(446));
    assert_eq!(ask(app, "a", "/"), redirected("https://a:446/"));
}

#[test]
fn addresses_can_be_those_of_all_servers_of_a_host() {
    let layer = HttpsRedirectionLayer::new().with_server_addresses(bound(&["https://*:444"]));
    let app = with_feature(ApplicationBuilder::new(), bound(&["https://*:445"])).layer(layer);
    assert_eq!(ask(app, "a", "/"), redirected("https://a:444/"));
}

#[test]
fn the_port_is_looked_for_once() {
    let app = ApplicationBuilder::new()
        .use_fn(|mut request, next| async move {
            let port = request.uri().path().trim_matches('/').to_owned();
            let addresses = bound(&[&format!("https://*:{port}")]);
            transom::RequestExt::features_mut(&mut request).insert(addresses);
            next.run(request).await
        })
        .layer(HttpsRedirectionLayer::new())
        .run_fn(|_| async { "inside" });
    run(async {
        let client = transom::testing::TestServer::new()
            .start(app)
            .await
            .unwrap();
        let mut places = Vec::new();
        for target in ["/444", "/445"] {
            places.push(summary(&client.get(target).await.unwrap()).1);
        }
        assert_eq!(
            places,
            ["https://localhost:444/444", "https://localhost:444/445"]
        );
    });
}

#[test]
fn outside_of_transom_the_uri_says_the_scheme_or_nobody_does() {
    let layer = HttpsRedirectionLayer::new().with_https_port(444);
    let answer = |uri: &str| {
        let service = tower::service_fn(|_: http::Request<()>| async {
            Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
        });
        let request = http::Request::get(uri).body(()).unwrap();
        summary(&run(tower::ServiceExt::oneshot(layer.layer(service), request)).unwrap())
    };
    assert_eq!(answer("http://a:80/b"), redirected("https://a:444/b"));
    assert_eq!(answer("https://a/b"), let_through());
    assert_eq!(answer("/b"), let_through());
}

/// A process cannot change its own environment safely, so the test runs itself again in another one.
fn with_variables(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "https_redirection::variables_go_before_the_addresses",
            "--nocapture",
        ])
        .env_remove("TRANSOM_HTTPS_PORT")
        .env_remove("ASPNETCORE_ANCM_HTTPS_PORT")
        .env("TELL", "yes")
        .envs(variables.iter().copied());
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn variables_go_before_the_addresses() {
    if std::env::var_os("TELL").is_some() {
        let (status, location) = among(&["https://*:444"]);
        println!("said: {status} {location}.");
        return;
    }
    let (own, iis) = ("TRANSOM_HTTPS_PORT", "ASPNETCORE_ANCM_HTTPS_PORT");
    for (variables, expected) in [
        (&[(own, "1"), (iis, "2")][..], "said: 307 https://a:1/."),
        (&[(iis, "2")], "said: 307 https://a:2/."),
        (&[(own, ""), (iis, "2")], "said: 307 https://a:2/."),
        (&[], "said: 307 https://a:444/."),
        (&[(own, "x")], "said: 500 ."),
        (&[(own, "0")], "said: 500 ."),
    ] {
        let said = with_variables(variables);
        assert!(said.contains(expected), "{variables:?}: {said}");
    }
}
