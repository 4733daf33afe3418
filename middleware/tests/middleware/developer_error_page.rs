//! What developers see, and that nobody else does.

use std::sync::{Arc, OnceLock};

use http::Response;
use tower_layer::Layer as _;
use transom::features::{ConnectionInfo, Endpoint, TlsInfo, TlsVersion, Transport};
use transom::hosting::HostEnvironment;
use transom::pipeline::Failure;
use transom::testing::TestServer;
use transom::{App, ApplicationBuilder, Body, Host, Request};
use transom_middleware::developer_error_page::DeveloperErrorPageLayer;
use transom_middleware::exception_handler::ExceptionHandlerLayer;

use crate::support::{run, send, text, with_feature};

#[derive(Debug)]
struct Nested(&'static str, Option<Box<Nested>>);

impl std::fmt::Display for Nested {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Nested {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1
            .as_ref()
            .map(|source| &**source as &dyn std::error::Error)
    }
}

async fn failing(_: Request) -> Result<&'static str, Failure> {
    let root = Nested("the <root>", None);
    let middle = Nested("in the middle", Some(Box::new(root)));
    Err(Nested("it <b>failed</b>", Some(Box::new(middle))))?
}

fn asked(accept: &str) -> http::Request<Body> {
    http::Request::get("/a%3Cb/'c'?q=%3Cscript%3E&access_token=hidden-1&q=2")
        .header("accept", accept)
        .header("authorization", "Bearer hidden-2")
        .header("cookie", "a=hidden-3")
        .header("x-api-key", "hidden-4")
        .header("proxy-authorization", "Basic hidden-5")
        .header("x-shown", "\"><img src=x onerror=alert(1)>")
        .body(Body::empty())
        .unwrap()
}

fn development(app: ApplicationBuilder) -> App {
    let environment = HostEnvironment::new(HostEnvironment::DEVELOPMENT);
    let layer = DeveloperErrorPageLayer::in_environment(&environment);
    let layer = layer.with_stages(app.stage_names());
    let app = with_feature(app, TlsInfo::new(TlsVersion::Tls13));
    app.layer(layer).run_fn(failing)
}

/// Asks what a host makes in an environment, or in the one that is meant where none is given.
async fn host(environment: Option<&str>) -> (Response<()>, String) {
    let made = Arc::new(OnceLock::new());
    let kept = Arc::clone(&made);
    let mut host = Host::builder(TestServer::new());
    if let Some(environment) = environment {
        host = host.with_environment(environment);
    }
    let host = host.configure(move |app| {
        let page = DeveloperErrorPageLayer::of(&app);
        let app = app.layer(ExceptionHandlerLayer::new()).layer(page);
        kept.get_or_init(|| app.run_fn(failing)).clone()
    });
    host.start().await.unwrap().stop().await.unwrap();
    let response = send(made.get().unwrap().clone(), asked("text/html")).await;
    let (head, body) = response.into_parts();
    let page = text(Response::new(body)).await;
    (Response::from_parts(head, ()), page)
}

#[test]
fn only_in_development_is_anything_shown() {
    run(async {
        for environment in [Some("Development"), Some("development")] {
            let (response, page) = host(environment).await;
            assert_eq!(response.status(), 500);
            assert!(
                page.contains("it &lt;b&gt;failed"),
                "{environment:?}: {page}"
            );
        }
        for environment in [
            None,
            Some("Production"),
            Some("Staging"),
            Some("Developmen"),
            Some(""),
        ] {
            let (response, page) = host(environment).await;
            assert_eq!(response.status(), 500);
            for part in ["failed", "root", "hidden", "run_fn", "x-shown"] {
                assert!(!page.contains(part), "{environment:?}: {page}");
            }
        }
    });
}

#[test]
fn without_a_host_nothing_is_shown() {
    run(async {
        let app = ApplicationBuilder::new();
        let layer = DeveloperErrorPageLayer::of(&app);
        let app = app.layer(layer).run_fn(failing);
        let response = send(app, asked("text/html")).await;
        assert_eq!(response.status(), 500);
        assert_eq!(text(response).await, "");
    });
}

#[test]
fn the_page_has_the_causes_the_request_the_pipeline_and_the_server() {
    run(async {
        let info = ConnectionInfo::new(Transport::Tcp)
            .with_remote(Endpoint::Tcp("192.0.2.7:1234".parse().unwrap()));
        let app = with_feature(ApplicationBuilder::new(), info);
        let page = text(send(development(app), asked("text/html")).await).await;
        for part in [
            "<p class=\"status\">500 Internal Server Error</p>",
            "<h1>it &lt;b&gt;failed&lt;/b&gt;</h1>",
            "<li>in the middle</li>\n<li>the &lt;root&gt;</li>",
            "<li>layer DeveloperErrorPageLayer</li>",
            "<li class=\"failed\">run_fn \u{2190} failed</li>",
            "<th scope=\"row\">Method</th><td>GET</td>",
            "<th scope=\"row\">q</th><td>&lt;script&gt;</td>",
            "<th scope=\"row\">q</th><td>2</td>",
            "<th scope=\"row\">Client</th><td>192.0.2.7:1234</td>",
            "<th scope=\"row\">TLS</th><td>TLSv1.3</td>",
            "connection.info",
        ] {
            assert!(page.contains(part), "no {part} in {page}");
        }
    });
}

#[test]
fn secrets_are_not_shown_in_any_form() {
    run(async {
        for accept in ["text/html", "text/plain", "application/json"] {
            let app = development(ApplicationBuilder::new());
            let page = text(send(app, asked(accept)).await).await;
            assert!(!page.contains("hidden"), "{accept}: {page}");
        }
    });
}

#[test]
fn what_a_client_sends_stays_text_and_nothing_may_be_loaded() {
    run(async {
        let app = development(ApplicationBuilder::new());
        let response = send(app, asked("text/html")).await;
        let headers = response.headers();
        let policy = headers["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'; "));
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let page = text(response).await;
        for part in [
            "<script",
            "<img",
            "<b>",
            "<link",
            "src=x onerror=alert(1)>",
            "url(",
            "href",
            "src=\"",
        ] {
            assert!(!page.contains(part), "{part} in {page}");
        }
        assert!(page.contains("<td>&quot;&gt;&lt;img src=x onerror=alert(1)&gt;</td>"));
    });
}

#[test]
fn json_and_text_are_for_those_who_ask_for_them() {
    run(async {
        let app = || development(ApplicationBuilder::new());
        let response = send(app(), asked("application/json")).await;
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let problem = text(response).await;
        let part = r#""detail":"it <b>failed</b>","causes":["in the middle","the <root>"],"stage":"run_fn""#;
        assert!(problem.contains(part), "{problem}");

        let response = send(app(), asked("text/plain")).await;
        assert_eq!(
            response.headers()["content-type"],
            "text/plain; charset=utf-8"
        );
        let page = text(response).await;
        let start = "500 Internal Server Error: it <b>failed</b>\n  caused by: in the middle\n  caused by: the <root>\n";
        assert!(page.starts_with(start), "{page}");
        assert!(page.contains("  run_fn  <- failed\n"), "{page}");
    });
}

#[test]
fn a_panic_is_shown_too_and_a_stage_of_a_branch_is_named() {
    run(async {
        let environment = HostEnvironment::new("Development");
        let app = ApplicationBuilder::new();
        let page = DeveloperErrorPageLayer::in_environment(&environment);
        let page = page.with_stages(app.stage_names());
        let late = tower::timeout::TimeoutLayer::new(std::time::Duration::from_millis(1));
        let app = app
            .layer(page)
            .map("/branch", |branch| {
                branch
                    .layer(late)
                    .run_fn(|_| std::future::pending::<&str>())
            })
            .run_fn(|_| async {
                if true {
                    panic!("a <mistake>")
                }
            });
        let client = TestServer::new().start(app).await.unwrap();
        for (path, status, part) in [
            (
                "/",
                500,
                "<h1>the application panicked: a &lt;mistake&gt;</h1>",
            ),
            ("/", 500, "<li class=\"failed\">run_fn \u{2190} failed</li>"),
            (
                "/branch",
                504,
                "<p>Failed: <code class=\"failed\">layer TimeoutLayer</code></p>",
            ),
        ] {
            let request = http::Request::get(path).header("accept", "text/html");
            let response = client
                .send(request.body(Body::empty()).unwrap())
                .await
                .unwrap();
            assert_eq!(response.status().as_u16(), status);
            let page = text(response).await;
            assert!(page.contains(part), "{page}");
        }
    });
}

#[test]
fn outside_of_transom_there_is_less_to_show() {
    run(async {
        let service = tower::service_fn(|_: http::Request<()>| async {
            Err::<Response<String>, _>(Nested("broken", None))
        });
        for (environment, shown) in [("Development", true), ("Production", false)] {
            let environment = HostEnvironment::new(environment);
            let layer = DeveloperErrorPageLayer::in_environment(&environment);
            let request = http::Request::get("/")
                .header("accept", "text/html")
                .body(());
            let answer = tower::ServiceExt::oneshot(layer.layer(service), request.unwrap()).await;
            match (answer, shown) {
                (Ok(response), true) => assert!(response.body().contains("<h1>broken</h1>")),
                (Err(error), false) => assert_eq!(error.0, "broken"),
                other => panic!("{other:?}"),
            }
        }
    });
}
