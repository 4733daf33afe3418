//! To whom it is shown, where, and in which form.

use std::sync::mpsc;
use std::time::Duration;

use transom::testing::TestServer;
use transom::{ApplicationBuilder, Body, Request, Response};
use transom_middleware::diagnostics::DiagnosticsLayer;

use super::{asked, shown, start};
use crate::support::{coming_from, logged, run, text};

#[test]
fn only_in_development_is_it_there() {
    run(async {
        for (environment, there) in [
            ("Development", true),
            ("development", true),
            ("Production", false),
            ("Staging", false),
            ("", false),
        ] {
            let (_host, client) = start(environment, shown).await;
            for method in ["GET", "HEAD", "POST"] {
                let response = client.send(asked(method, "*/*")).await.unwrap();
                let status = if there && method == "POST" { 405 } else { 200 };
                assert_eq!(response.status(), status, "{environment} {method}");
                let own = response.headers().contains_key("content-security-policy");
                assert_eq!(own, there && method != "POST", "{environment} {method}");
            }
        }
        let client = TestServer::new()
            .start(shown(ApplicationBuilder::new()))
            .await
            .unwrap();
        let response = client.send(asked("GET", "*/*")).await.unwrap();
        assert_eq!(text(response).await, "the application", "without a host");
    });
}

#[test]
fn what_the_guard_refuses_is_as_if_it_were_not_there() {
    let log = logged(|| {
        run(async {
            for environment in ["Development", "Production"] {
                let (_host, client) = start(environment, |app| {
                    let layer = DiagnosticsLayer::of(&app).guarded_by(|request| {
                        request
                            .headers()
                            .get("x-admin")
                            .is_some_and(|admin| admin == "yes")
                    });
                    coming_from(app, Some("192.0.2.7:1234"))
                        .layer(layer)
                        .run(async |request: Request| Response::new(request.into_body()))
                })
                .await;
                for method in ["GET", "HEAD", "POST", "DELETE"] {
                    let ask = async |path| {
                        let request = http::Request::builder().method(method).uri(path);
                        let request = request.body(Body::from("sent")).unwrap();
                        let (head, body) = client.send(request).await.unwrap().into_parts();
                        let body = text(Response::new(body)).await;
                        (head.status, head.headers, body)
                    };
                    let refused = ask("/diagnostics").await;
                    assert_eq!(refused, ask("/elsewhere").await);
                    let sent = if method == "HEAD" { "" } else { "sent" };
                    assert_eq!(refused.2, sent, "the body is still there");
                }
                let mut admin = asked("GET", "text/html");
                admin
                    .headers_mut()
                    .insert("x-admin", "yes".parse().unwrap());
                let response = client.send(admin).await.unwrap();
                assert!(text(response).await.contains("<h1>Diagnostics</h1>"));
            }
        });
    });
    let line = "the diagnostics were refused peer=192.0.2.7:1234";
    assert_eq!(log.matches(line).count(), 8, "{log}");
}

#[test]
fn a_guard_may_take_its_time_and_others_do_not_wait() {
    run(async {
        let (decide, decided) = mpsc::channel();
        let app = ApplicationBuilder::new();
        let layer = DiagnosticsLayer::of(&app).guarded_by_async(move |request| {
            assert_eq!(request.uri(), "/diagnostics");
            let (sender, decision) = tokio::sync::oneshot::channel();
            decide.send(sender).unwrap();
            async move { decision.await.unwrap_or(false) }
        });
        let app = app.layer(layer).run_fn(|_| async { "the application" });
        let client = TestServer::new().start(app).await.unwrap();
        for (allowed, expected) in [(true, "{\"host\":null"), (false, "the application")] {
            let asking = {
                let client = client.clone();
                tokio::spawn(async move { client.send(asked("GET", "*/*")).await.unwrap() })
            };
            let decision = loop {
                match decided.try_recv() {
                    Ok(decision) => break decision,
                    Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            };
            let other = client.get("/").await.unwrap();
            assert_eq!(text(other).await, "the application");
            decision.send(allowed).unwrap();
            let answer = text(asking.await.unwrap()).await;
            assert!(answer.starts_with(expected), "{answer}");
        }
    });
}

#[test]
fn html_is_for_browsers_and_json_for_others_and_nobody_keeps_it() {
    run(async {
        let (_host, client) = start("Development", shown).await;
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (accept, kind) in [
            (browser, "text/html; charset=utf-8"),
            ("text/html", "text/html; charset=utf-8"),
            ("*/*", "application/json"),
            ("application/json", "application/json"),
            ("text/plain", "application/json"),
            ("image/png", "application/json"),
            (",;q=,text", "application/json"),
        ] {
            for method in ["GET", "HEAD"] {
                let response = client.send(asked(method, accept)).await.unwrap();
                assert_eq!(response.status(), 200);
                let headers = response.headers().clone();
                assert_eq!(headers["content-type"], kind, "{accept}");
                assert_eq!(headers["cache-control"], "no-store");
                assert_eq!(headers["vary"], "accept");
                assert_eq!(headers["x-content-type-options"], "nosniff");
                let policy = headers["content-security-policy"].to_str().unwrap();
                assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'; "));
                assert_eq!(text(response).await.is_empty(), method == "HEAD");
            }
        }
        let response = client.send(asked("PUT", browser)).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["allow"]),
            (405, &"GET, HEAD".parse().unwrap())
        );
    });
}

#[test]
fn its_path_is_one_path_with_or_without_a_query() {
    run(async {
        let (_host, client) = start("Development", |app| {
            let layer = DiagnosticsLayer::of(&app).with_path("/a/b").unwrap();
            app.layer(layer).build()
        })
        .await;
        for (path, status) in [
            ("/a/b", 200),
            ("/a/b?format=html", 200),
            ("/a/b/", 404),
            ("/A/b", 404),
            ("/a/b/c", 404),
            ("/diagnostics", 404),
        ] {
            assert_eq!(client.get(path).await.unwrap().status(), status, "{path}");
        }
        let app = ApplicationBuilder::new();
        for wrong in ["", "diagnostics", "/a?b", "/a#b", "/a b", "http://a/b"] {
            let error = DiagnosticsLayer::of(&app).with_path(wrong).unwrap_err();
            let expected =
                format!("`{wrong}` is not the path of a page: write it like `/diagnostics`");
            assert_eq!(error.to_string(), expected);
        }
    });
}
