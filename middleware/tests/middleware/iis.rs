//! The layer; the host behind a module that starts it is in the program's own tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use transom::features::{ConnectionInfo, MaxRequestBodySize, PathBase, Scheme, TlsInfo, Upgrade};
use transom::testing::TestServer;
use transom::{App, ApplicationBuilder, Body, Request, RequestExt, Response};
use transom_conformance::Lint;
use transom_middleware::iis::Iis;

use crate::support::{coming_from, logged, run, text};

const TOKEN: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

fn module(more: &[(&'static str, &'static str)]) -> Option<Iis> {
    let three = [
        ("ASPNETCORE_PORT", "5000"),
        ("ASPNETCORE_APPL_PATH", "/sub"),
        ("ASPNETCORE_TOKEN", TOKEN),
    ];
    // The first of two counts.
    let all = more.iter().copied().chain(three);
    Iis::from_variables(all).unwrap()
}

/// An application behind the layer, how often it was asked to end, and how often the application was asked.
struct Behind {
    app: App,
    ends: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
}

fn behind(iis: Iis) -> Behind {
    behind_from(iis, ApplicationBuilder::new())
}

fn behind_from(iis: Iis, app: ApplicationBuilder) -> Behind {
    let (ends, calls) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (end, call) = (Arc::clone(&ends), Arc::clone(&calls));
    let layer = iis.into_layer(move || {
        end.fetch_add(1, Ordering::Relaxed);
    });
    // Twice, as when both the program and what it is made of ask for it.
    let app = app.layer(layer.clone()).layer(layer);
    let app = app.run_fn(move |request| {
        call.fetch_add(1, Ordering::Relaxed);
        describe(request)
    });
    Behind { app, ends, calls }
}

impl Behind {
    /// Sends a request; the fields are as `name: value`.
    fn ask(&self, method: &str, path: &str, fields: &[&str]) -> (u16, String) {
        let mut request = http::Request::builder().method(method).uri(path);
        for field in fields {
            let (name, value) = field.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let request = request.body(Body::empty()).unwrap();
        let app = self.app.clone();
        run(async {
            let client = TestServer::new().start(app).await.unwrap();
            let response = client.send(request).await.unwrap();
            (response.status().as_u16(), text(response).await)
        })
    }

    fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::Relaxed)
    }

    fn ends(&self) -> usize {
        self.ends.swap(0, Ordering::Relaxed)
    }
}

/// `base target scheme client limit`, `upgrade` if there is one, and then the fields.
async fn describe(request: Request) -> String {
    let base = request.feature::<PathBase>().map_or("-", PathBase::as_str);
    let client = request.feature::<ConnectionInfo>().unwrap().remote();
    let limit = request.feature::<MaxRequestBodySize>().unwrap().limit();
    let mut facts = vec![
        base.to_owned(),
        request.uri().to_string(),
        request.feature::<Scheme>().unwrap().to_string(),
        client.map_or("-".into(), ToString::to_string),
        limit.map_or("-".into(), |limit| limit.to_string()),
    ];
    if request.features().contains::<dyn Upgrade>() {
        facts.push("upgrade".into());
    }
    if let Some(tls) = request.feature::<TlsInfo>() {
        facts.push(format!("{} certificate", tls.client_certificates().len()));
    }
    let mut names: Vec<_> = request.headers().keys().map(|name| name.as_str()).collect();
    names.retain(|name| !matches!(*name, "host" | "content-length"));
    names.sort_unstable();
    facts.extend(names.into_iter().map(str::to_owned));
    facts.join(" ")
}

fn token() -> String {
    format!("MS-ASPNETCORE-TOKEN: {TOKEN}")
}

#[test]
fn only_all_three_variables_turn_it_on() {
    let all = [
        ("ASPNETCORE_PORT", "5000"),
        ("ASPNETCORE_APPL_PATH", "/"),
        ("ASPNETCORE_TOKEN", "t"),
    ];
    let read =
        |all: &[(&'static str, &'static str)]| Iis::from_variables(all.iter().copied()).unwrap();
    let iis = read(&all).unwrap();
    assert_eq!(iis.url(), "http://127.0.0.1:5000");
    assert_eq!(iis.path_base().as_str(), "");
    assert!(iis.authentication().is_none() && iis.has_websockets());
    for absent in 0..3 {
        let mut some = all;
        some[absent].1 = "";
        assert!(read(&some).is_none(), "{} is empty", some[absent].0);
        some[absent].0 = "OTHER";
        assert!(read(&some).is_none(), "{} is absent", all[absent].0);
    }
    assert!(read(&[]).is_none());
    let own = [("TRANSOM_PORT", "5001"), ("TRANSOM_IIS_HTTPAUTH", "basic;")];
    let iis = read(&[&all[..], &own].concat()).unwrap();
    assert_eq!(iis.url(), "http://127.0.0.1:5001", "the host's own wins");
    assert!(iis.authentication().unwrap().has_basic());
}

#[test]
fn what_is_malformed_is_an_error_that_names_the_variable() {
    for (name, value, problem) in [
        ("ASPNETCORE_PORT", "0", "`0` is not a port, from 1 to 65535"),
        ("ASPNETCORE_PORT", "x", "`x` is not a port, from 1 to 65535"),
        (
            "ASPNETCORE_APPL_PATH",
            "sub",
            "`sub` is not a path base: write it empty, or like `/app`",
        ),
    ] {
        let all = [
            (name, value),
            ("ASPNETCORE_PORT", "5000"),
            ("ASPNETCORE_APPL_PATH", "/"),
            ("ASPNETCORE_TOKEN", "t"),
        ];
        let error = Iis::from_variables(all).unwrap_err();
        assert!(error.is_configuration());
        assert_eq!(error.to_string(), format!("`{name}`: {problem}"));
    }
}

#[test]
fn the_flag_of_websockets_and_the_ways_of_authentication_are_read() {
    for (value, expected) in [
        ("true", true),
        ("false", false),
        ("False", false),
        ("", true),
        ("0", true),
    ] {
        let iis = module(&[("ASPNETCORE_IIS_WEBSOCKETS_SUPPORTED", value)]);
        assert_eq!(iis.unwrap().has_websockets(), expected, "{value}");
    }
    for (value, windows, basic, anonymous) in [
        ("windows;basic;anonymous;", true, true, true),
        ("anonymous;", false, false, true),
        ("Windows", true, false, false),
        ("none", false, false, false),
    ] {
        let iis = module(&[("ASPNETCORE_IIS_HTTPAUTH", value)]).unwrap();
        let ways = iis.authentication().unwrap();
        let read = (ways.has_windows(), ways.has_basic(), ways.has_anonymous());
        assert_eq!(read, (windows, basic, anonymous), "{value}");
    }
}

#[test]
fn whoever_has_not_the_token_is_refused_and_nobody_learns_it() {
    let behind = behind(module(&[]).unwrap());
    let upper = format!("MS-ASPNETCORE-TOKEN: {}", TOKEN.to_uppercase());
    let longer = format!("{}0", token());
    let twice = [&*token(), &*token()].map(str::to_owned);
    let log = logged(|| {
        for fields in [
            &[][..],
            &["MS-ASPNETCORE-TOKEN: "],
            &[&*upper],
            &[&*longer],
            &[&token()[..token().len() - 1]],
            &[&*twice[0], &*twice[1]],
            &["MS-ASPNETCORE-EVENT: shutdown"],
        ] {
            let answer = behind.ask("POST", "/sub/iisintegration", fields);
            assert_eq!(answer, (400, String::new()), "{fields:?}");
        }
    });
    assert_eq!((behind.calls(), behind.ends()), (0, 0));
    assert_eq!(log.matches("ERROR").count(), 7, "{log}");
    assert!(log.contains("a request without the token of IIS, or with another one; it is refused"));
    assert!(!log.to_lowercase().contains(&TOKEN[..8]), "{log}");
    assert!(!format!("{:?}", behind.app).contains(&TOKEN[..8]));
}

#[test]
fn who_has_it_sees_the_client_and_not_the_module() {
    let app = coming_from(ApplicationBuilder::new(), Some("127.0.0.1:9"));
    let behind = behind_from(module(&[]).unwrap(), app);
    let (status, seen) = behind.ask(
        "GET",
        "/sub/page?q",
        &[
            &token(),
            "X-Forwarded-For: 198.51.100.9, 192.0.2.7:51000",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: evil.example",
            "MS-ASPNETCORE-CLIENTCERT: MAMCAQE=",
        ],
    );
    assert_eq!(status, 200);
    assert_eq!(
        seen,
        "/sub /page?q https 192.0.2.7:51000 - 1 certificate x-forwarded-for x-forwarded-host x-original-for x-original-proto"
    );
    // A path outside of its own stays as it is.
    let (_, seen) = behind.ask("GET", "/subway", &[&token()]);
    assert_eq!(seen, "- /subway http 127.0.0.1:9 -");
}

#[test]
fn the_message_of_the_end_ends_the_host_and_nothing_else_does() {
    let behind = behind(module(&[]).unwrap());
    let ends = [
        (
            "POST",
            "/sub/iisintegration",
            "MS-ASPNETCORE-EVENT: shutdown",
        ),
        (
            "POST",
            "/SUB/IISIntegration",
            "ms-aspnetcore-event: Shutdown",
        ),
        (
            "POST",
            "/sub/iisintegration?q",
            "ms-aspnetcore-event: shutdown ",
        ),
        ("POST", "/iisintegration", "ms-aspnetcore-event: shutdown"),
    ];
    for (method, path, event) in ends {
        let answer = behind.ask(method, path, &[&token(), event]);
        assert_eq!(answer, (202, String::new()), "{method} {path} {event}");
        assert_eq!((behind.ends(), behind.calls()), (1, 0), "{method} {path}");
    }
    for (method, path, events) in [
        (
            "GET",
            "/sub/iisintegration",
            &["ms-aspnetcore-event: shutdown"][..],
        ),
        (
            "PUT",
            "/sub/iisintegration",
            &["ms-aspnetcore-event: shutdown"],
        ),
        ("POST", "/sub", &["ms-aspnetcore-event: shutdown"]),
        (
            "POST",
            "/sub/path/iisintegration",
            &["ms-aspnetcore-event: shutdown"],
        ),
        (
            "POST",
            "/sub/iisintegration/",
            &["ms-aspnetcore-event: shutdown"],
        ),
        ("POST", "/sub/iisintegration", &[]),
        ("POST", "/sub/iisintegration", &["ms-aspnetcore-event: "]),
        (
            "POST",
            "/sub/iisintegration",
            &["ms-aspnetcore-event: start"],
        ),
        (
            "POST",
            "/sub/iisintegration",
            &[
                "ms-aspnetcore-event: shutdown",
                "ms-aspnetcore-event: shutdown",
            ],
        ),
    ] {
        let token = token();
        let fields: Vec<&str> = [&*token]
            .into_iter()
            .chain(events.iter().copied())
            .collect();
        let (status, seen) = behind.ask(method, path, &fields);
        assert_eq!(status, 200, "{method} {path} {events:?}");
        assert!(!seen.contains("ms-aspnetcore"), "{seen}");
        assert_eq!(
            (behind.ends(), behind.calls()),
            (0, 1),
            "{method} {path} {events:?}"
        );
    }
}

#[test]
fn the_certificate_can_be_left_out_and_a_bad_one_is_none() {
    let certificate = "MS-ASPNETCORE-CLIENTCERT: MAMCAQE=";
    let without = behind(module(&[]).unwrap().with_client_certificates(false));
    let (_, seen) = without.ask("GET", "/", &[&token(), certificate]);
    assert_eq!(seen, "- / http memory -");
    let with = behind(module(&[]).unwrap());
    let log = logged(|| {
        let bad = "MS-ASPNETCORE-CLIENTCERT: MAMCAQE";
        let (status, seen) = with.ask("GET", "/", &[&token(), bad]);
        assert_eq!((status, &*seen), (200, "- / http memory -"));
    });
    assert!(log.contains("it is not base64"), "{log}");
}

#[test]
fn the_token_of_a_windows_identity_goes_no_further_and_is_told_of_once() {
    let behind = behind(module(&[]).unwrap());
    let log = logged(|| {
        for _ in 0..2 {
            let identity = "MS-ASPNETCORE-WINAUTHTOKEN: 5E8";
            let (_, seen) = behind.ask("GET", "/", &[&token(), identity]);
            assert_eq!(seen, "- / http memory -");
        }
    });
    assert_eq!(log.matches("forwardWindowsAuthToken").count(), 1, "{log}");
    assert!(!log.contains("5E8"), "{log}");
}

#[test]
fn without_websockets_nobody_can_upgrade() {
    let fields = [&*token(), "Connection: upgrade", "Upgrade: websocket"];
    let upgradable = |iis: Iis| {
        let app = behind(iis).app;
        let mut request = http::Request::get("/");
        for field in fields {
            let (name, value) = field.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let request = request.body(Body::empty()).unwrap();
        run(async {
            let client = TestServer::new().start(app).await.unwrap();
            let (response, _) = client.upgrade(request).await.unwrap();
            text(response).await
        })
    };
    assert_eq!(
        upgradable(module(&[]).unwrap()),
        "- / http memory - upgrade connection upgrade"
    );
    let flag = ("ASPNETCORE_IIS_WEBSOCKETS_SUPPORTED", "false");
    assert_eq!(upgradable(module(&[flag]).unwrap()), "- / http memory -");
}

#[test]
fn http_platform_handler_says_where_and_no_more() {
    let iis = Iis::from_variables([("HTTP_PLATFORM_PORT", "5000")]);
    let iis = iis.unwrap().unwrap().with_client_certificates(true);
    assert_eq!(iis.url(), "http://127.0.0.1:5000");
    let app = coming_from(ApplicationBuilder::new(), Some("127.0.0.1:9"));
    let behind = behind_from(iis, app);
    let (status, seen) = behind.ask(
        "POST",
        "/iisintegration",
        &[
            "MS-ASPNETCORE-EVENT: shutdown",
            "MS-ASPNETCORE-CLIENTCERT: MAMCAQE=",
            "X-IIS-ClientCert: MAMCAQE=",
            "X-IIS-WindowsAuthToken: 5E8",
            "X-Forwarded-For: 192.0.2.7:51000",
        ],
    );
    assert_eq!(status, 200);
    assert_eq!(
        seen,
        "- /iisintegration http 192.0.2.7:51000 - x-original-for"
    );
    assert_eq!(behind.ends(), 0);
    // With the module's own three variables it is the module.
    let both = module(&[("HTTP_PLATFORM_PORT", "5001")]).unwrap();
    assert_eq!(both.url(), "http://127.0.0.1:5000");
}

#[test]
fn it_keeps_the_rules_on_both_of_its_sides() {
    run(async {
        let (inside, after) =
            Lint::new(|request: Request| async move { Response::new(request.into_body()) });
        let iis = module(&[]).unwrap();
        let pipeline = ApplicationBuilder::new()
            .layer(iis.into_layer(|| ()))
            .run(inside);
        let (outside, before) = Lint::new(pipeline);
        let client = TestServer::new().start(outside).await.unwrap();
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            for token in [TOKEN, "another"] {
                for path in ["/sub/page", "/sub/iisintegration"] {
                    let request = http::Request::builder()
                        .method(method)
                        .uri(path)
                        .header("host", "example.com")
                        .header("ms-aspnetcore-token", token)
                        .header("ms-aspnetcore-event", "shutdown ")
                        .header("ms-aspnetcore-clientcert", "MAMCAQE=")
                        .header("x-forwarded-for", "192.0.2.1:80")
                        .header("x-forwarded-proto", "https");
                    let request = request.body(Body::from("content")).unwrap();
                    let response = client.send(request).await.unwrap();
                    let expected = match (token, method, path) {
                        ("another", ..) => 400,
                        (_, "POST", "/sub/iisintegration") => 202,
                        _ => 200,
                    };
                    assert_eq!(response.status(), expected);
                    response.into_body().collect(64).await.unwrap();
                }
            }
        }
        assert!(before.is_clean(), "{:?}", before.violations());
        assert!(after.is_clean(), "{:?}", after.violations());
    });
}
