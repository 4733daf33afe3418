//! What rules make of requests, and which rules are none.

use http::{Method, StatusCode};
use tower_layer::Layer as _;
use transom::features::{OriginalTarget, PathBase, Scheme};
use transom::testing::TestServer;
use transom::{ApplicationBuilder, Body, Request, RequestExt};
use transom_middleware::rewrite::{RewriteLayer, Rule};

use crate::support::{run, text, with_feature};

/// Sends a request to `host` through rules; returns what the application sees, or the status and the location.
fn asked(layer: &RewriteLayer, scheme: Scheme, method: &str, host: &str, target: &str) -> String {
    let app = with_feature(ApplicationBuilder::new(), scheme);
    let app = app.use_path_base("/base").layer(layer.clone());
    let app = app.run_fn(|request: Request| async move {
        let original = request.feature::<OriginalTarget>().unwrap();
        format!("{} ({original})", request.uri())
    });
    run(async {
        let client = TestServer::new().start(app).await.unwrap();
        let request = http::Request::builder().method(method).uri(target);
        let request = request.header("host", host).body(Body::empty());
        let response = client.send(request.unwrap()).await.unwrap();
        let status = response.status();
        match response.headers().get("location") {
            Some(location) => format!("{} {}", status.as_u16(), location.to_str().unwrap()),
            None if status != StatusCode::OK => status.as_u16().to_string(),
            None => text(response).await,
        }
    })
}

fn got(rules: impl IntoIterator<Item = Rule>, target: &str) -> String {
    let layer = RewriteLayer::new(rules).unwrap();
    asked(&layer, Scheme::Http, "GET", "example.com", target)
}

#[test]
fn a_path_that_matches_is_replaced_and_the_original_is_kept() {
    let rule = || {
        [Rule::rewrite(
            r"^/a/(\d+)/(?<name>[^/]*)$",
            "/b/${name}?id=$1",
        )]
    };
    for (target, expected) in [
        ("/a/7/x%2Fy", "/b/x%2Fy?id=7 (/a/7/x%2Fy)"),
        ("/a/7/?q=1", "/b/?id=7&q=1 (/a/7/?q=1)"),
        ("/base/a/7/x", "/b/x?id=7 (/base/a/7/x)"),
        ("/A/7/x", "/A/7/x (/A/7/x)"),
        ("/a/seven/x", "/a/seven/x (/a/seven/x)"),
    ] {
        assert_eq!(got(rule(), target), expected);
    }
}

#[test]
fn rules_are_followed_in_order_each_once_until_the_last() {
    let round = || {
        [
            Rule::rewrite("^/a$", "/b"),
            Rule::rewrite("^/b$", "/a"),
            Rule::rewrite("^/a$", "/c"),
        ]
    };
    assert_eq!(got(round(), "/a"), "/c (/a)");
    let [first, second, third] = round();
    assert_eq!(got([first, second.with_last(true), third], "/a"), "/a (/a)");
    let growing = Rule::rewrite("^/(.*)$", "/x/$1");
    assert_eq!(got([growing.clone(), growing], "/a"), "/x/x/a (/a)");
    let after = [Rule::rewrite("^/a$", "/b"), Rule::redirect("^/b$", "/c")];
    assert_eq!(got(after, "/a"), "302 /c");
}

#[test]
fn a_redirection_goes_below_the_path_base_or_to_another_host() {
    let rules = || {
        [
            Rule::redirect("^/old(/.*)?$", "/new$1?from=old")
                .with_status(StatusCode::MOVED_PERMANENTLY),
            Rule::redirect("^/docs/(.*)$", "https://docs.example.com/$1"),
        ]
    };
    for (target, expected) in [
        ("/old", "301 /new?from=old"),
        ("/base/old/a?b", "301 /base/new/a?from=old&b"),
        ("/docs/a?b", "302 https://docs.example.com/a?b"),
        (
            "/docs//evil.example",
            "302 https://docs.example.com//evil.example",
        ),
        ("/other", "/other (/other)"),
    ] {
        assert_eq!(got(rules(), target), expected);
    }
    for status in [301, 302, 303, 307, 308] {
        let rule = Rule::redirect("", "/a").with_status(StatusCode::from_u16(status).unwrap());
        assert_eq!(got([rule], "/"), format!("{status} /a"));
    }
}

#[test]
fn a_client_cannot_choose_the_host_that_others_are_sent_to() {
    let rules = || [Rule::redirect("^/go(.*)$", "/$1")];
    for target in [
        "/go//evil.example",
        "/go/evil.example",
        "/go///evil.example",
        "/goevil.example",
    ] {
        assert_eq!(got(rules(), target), "302 /evil.example", "{target}");
    }
    // An authority with a name of a user in it, as a path.
    assert_eq!(got(rules(), "/go//a@evil.example"), "302 /a@evil.example");
}

#[test]
fn conditions_have_all_to_be_met_and_their_groups_are_there() {
    let rule = Rule::rewrite("^/(?<page>.*)$", "/${tenant}/${lang}/${page}")
        .with_host(r"^(?<tenant>[a-z]+)\.example\.com$")
        .with_query("(?:^|&)lang=(?<lang>[a-z]+)")
        .with_scheme(Scheme::Https)
        .with_methods([Method::GET, Method::HEAD]);
    let layer = RewriteLayer::new([rule]).unwrap();
    let yes = (Scheme::Https, "GET", "Acme.Example.com:8443", "/p?lang=de");
    let seen = |(scheme, method, host, target)| asked(&layer, scheme, method, host, target);
    assert_eq!(seen(yes), "/acme/de/p?lang=de (/p?lang=de)");
    for no in [
        (Scheme::Http, yes.1, yes.2, yes.3),
        (yes.0, "POST", yes.2, yes.3),
        (yes.0, yes.1, "example.com", yes.3),
        (yes.0, yes.1, yes.2, "/p?slang=de"),
        (yes.0, yes.1, yes.2, "/p"),
    ] {
        assert_eq!(seen(no), format!("{0} ({0})", no.3), "{no:?}");
    }
}

#[test]
fn to_https_goes_what_came_over_http() {
    for (rule, location) in [
        (
            Rule::redirect_to_https(),
            "307 https://example.com/base/a?b",
        ),
        (
            Rule::redirect_to_https_port(8443).with_status(StatusCode::MOVED_PERMANENTLY),
            "301 https://example.com:8443/base/a?b",
        ),
    ] {
        let layer = RewriteLayer::new([rule]).unwrap();
        let seen = |scheme| asked(&layer, scheme, "GET", "example.com:80", "/base/a?b");
        assert_eq!(seen(Scheme::Http), location);
        assert_eq!(seen(Scheme::Https), "/a?b (/base/a?b)");
    }
}

#[test]
fn www_is_added_and_taken_off_where_there_can_be_one() {
    let seen = |rule: Rule, host| {
        let layer = RewriteLayer::new([rule]).unwrap();
        asked(&layer, Scheme::Https, "GET", host, "/base/a?b")
    };
    let same = "/a?b (/base/a?b)";
    for (host, expected) in [
        ("Example.com", "307 https://www.example.com/base/a?b"),
        (
            "example.com:8443",
            "307 https://www.example.com:8443/base/a?b",
        ),
        ("www.example.com", same),
        ("WWW.example.com", same),
        ("localhost:1", same),
        ("192.0.2.1", same),
        ("[2001:db8::1]:1", same),
    ] {
        assert_eq!(seen(Rule::redirect_to_www(), host), expected, "{host}");
    }
    for (host, expected) in [
        ("www.Example.com", "307 https://example.com/base/a?b"),
        (
            "www.example.com:8443",
            "307 https://example.com:8443/base/a?b",
        ),
        ("example.com", same),
        ("www.", same),
        ("www", same),
    ] {
        assert_eq!(seen(Rule::redirect_to_non_www(), host), expected, "{host}");
    }
    let only = Rule::redirect_to_www().with_host(r"^example\.com$");
    assert_eq!(seen(only.clone(), "example.org"), same);
    let permanent = only.with_status(StatusCode::PERMANENT_REDIRECT);
    assert!(seen(permanent, "example.com").starts_with("308 https://www.example.com/"));
}

#[test]
fn a_target_that_becomes_too_long_is_refused() {
    let rule = Rule::rewrite("^/(.*)$", "/$1$1$1");
    let target = format!("/{}", "a".repeat(30_000));
    assert_eq!(got([rule], &target), "400");
}

#[test]
fn what_has_no_path_passes() {
    let layer = RewriteLayer::new([Rule::redirect("", "/a")]).unwrap();
    let seen = asked(&layer, Scheme::Http, "OPTIONS", "example.com", "*");
    assert_eq!(seen, "* (*)");
}

#[test]
fn an_invalid_rule_says_which_it_is_and_why() {
    let valid = || Rule::rewrite("^/a$", "/b");
    for (rule, expected) in [
        (
            Rule::rewrite("(", "/b"),
            "rule 2: `match`: regex parse error",
        ),
        (valid().with_host("["), "rule 2: `host`: regex parse error"),
        (
            valid().with_query("*"),
            "rule 2: `query`: regex parse error",
        ),
        (
            Rule::rewrite("a", "b"),
            "rule 2: `rewrite`: `b` is no replacement",
        ),
        (
            Rule::rewrite("a", "https://example.com/"),
            "is no replacement: write a path like",
        ),
        (
            Rule::rewrite("(a)", "/$2"),
            "`$2` is no group of the pattern of the path, which has 1",
        ),
        (
            Rule::rewrite("a", "/${b}"),
            "`${b}` is no group of the rule's patterns",
        ),
        (
            Rule::redirect("a", "https://example.com$0"),
            "with a `/` before the first group",
        ),
        (
            Rule::redirect("a", "/b").with_status(StatusCode::OK),
            "rule 2: `status`: 200 does not redirect; 301, 302, 303, 307 and 308 do",
        ),
    ] {
        let error = RewriteLayer::new([valid(), rule]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_file_has_the_same_rules() {
    let rules = r#"
[[rule]]
redirect-to = "https"
port = 8443
scheme = "http"
host = '^secure\.'

[[rule]]
redirect-to = "www"
host = '^example\.org$'
status = 308

[[rule]]
match = '^/a/(.*)$'
query = '^q$'
methods = ["GET"]
rewrite = '/b/$1'
last = true

[[rule]]
match = '^/(a|b)/'
redirect = '/c/$1'
status = 303
"#;
    let layer = RewriteLayer::from_toml(rules).unwrap();
    let seen = |method, host, target| asked(&layer, Scheme::Http, method, host, target);
    assert_eq!(
        seen("GET", "secure.example", "/x"),
        "307 https://secure.example:8443/x"
    );
    assert_eq!(
        seen("GET", "example.org", "/x"),
        "308 http://www.example.org/x"
    );
    assert_eq!(seen("GET", "h", "/a/1?q"), "/b/1?q (/a/1?q)");
    assert_eq!(seen("POST", "h", "/a/1?q"), "303 /c/a?q");
    assert_eq!(seen("GET", "h", "/x"), "/x (/x)");
    assert_eq!(RewriteLayer::from_toml("").map(|_| ()), Ok(()));
}

#[test]
fn a_mistake_in_a_file_has_its_line() {
    let rule = "[[rule]]\nmatch = 'a'\n";
    for (text, expected) in [
        ("[[rule]]\nmatch = \n".to_owned(), "line 2: "),
        (
            format!("{rule}rewirte = '/b'\n"),
            "line 3: unknown field `rewirte`, expected one of ",
        ),
        (
            format!("{rule}rewrite = 1\n"),
            "line 3: invalid type: integer `1`, expected a string",
        ),
        (
            format!("# first\n\n{rule}"),
            "line 3: `rule`: it does nothing: add `rewrite`",
        ),
        (
            format!("{rule}rewrite = '/b'\nredirect = '/c'\n"),
            "line 1: `rule`: it has more than one of",
        ),
        (
            "[[rule]]\nrewrite = '/b'\n".to_owned(),
            "line 1: `rule`: it has no `match`",
        ),
        (
            format!("{rule}rewrite = '/$1'\n"),
            "line 3: `rewrite`: `$1` is no group",
        ),
        (
            "[[rule]]\nrewrite = '/b'\nmatch = '('\n".to_owned(),
            "line 3: `match`: regex parse error",
        ),
        (
            format!("{rule}redirect = '/b'\nstatus = 200\n"),
            "line 4: `status`: 200 does not redirect",
        ),
        (
            format!("{rule}redirect = '/b'\nstatus = 20\n"),
            "line 4: `status`: it is none of HTTP",
        ),
        (
            format!("{rule}rewrite = '/b'\nstatus = 301\n"),
            "line 4: `status`: a rewrite has none",
        ),
        (
            format!("{rule}rewrite = '/b'\nport = 1\n"),
            "line 4: `port`: only `redirect-to = \"https\"`",
        ),
        (
            "[[rule]]\nredirect-to = 'https'\nport = 0\n".to_owned(),
            "line 3: `port`: it is from 1",
        ),
        (
            "[[rule]]\nredirect-to = 'there'\n".to_owned(),
            "line 2: `redirect-to`: `there` is none of",
        ),
        (
            format!("{rule}rewrite = '/b'\nscheme = 'ftp'\n"),
            "line 4: `scheme`: it is neither",
        ),
        (
            format!("{rule}rewrite = '/b'\nmethods = ['A B']\n"),
            "line 4: `methods`: one of them is no",
        ),
    ] {
        let error = RewriteLayer::from_toml(&text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}\n{error}");
    }
}

#[test]
fn a_file_is_read_and_an_error_names_it() {
    let folder = std::env::temp_dir().join(format!("transom-rewrite-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("rules.toml");
    let missing = RewriteLayer::from_file(&path).unwrap_err().to_string();
    assert!(
        missing.starts_with(&format!("{}: ", path.display())),
        "{missing}"
    );
    std::fs::write(&path, "[[rule]]\nredirect-to = 'www'\n").unwrap();
    let layer = RewriteLayer::from_file(&path).unwrap();
    std::fs::write(&path, "[[rule]]\n\nredirect-to = ''\n").unwrap();
    let wrong = RewriteLayer::from_file(&path).unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(
        wrong.starts_with(&format!("{}, line 3: `redirect-to`: ", path.display())),
        "{wrong}"
    );
    let seen = asked(&layer, Scheme::Http, "GET", "a.example", "/");
    assert_eq!(seen, "307 http://www.a.example/");
}

#[test]
fn outside_of_transom_the_target_that_was_is_kept_too() {
    run(async {
        let seen = tower::service_fn(|request: http::Request<()>| async move {
            let original = request.feature::<OriginalTarget>().unwrap().to_string();
            assert!(request.feature::<PathBase>().is_none());
            let told = format!("{} ({original})", request.uri());
            Ok::<_, std::convert::Infallible>(http::Response::new(told))
        });
        let layer =
            RewriteLayer::new([Rule::rewrite("^/a", "/b"), Rule::rewrite("^/b", "/c")]).unwrap();
        let request = http::Request::get("https://example.com/a?q")
            .body(())
            .unwrap();
        let answer = tower::ServiceExt::oneshot(layer.layer(seen), request).await;
        let expected = "https://example.com/c?q (https://example.com/a?q)";
        assert_eq!(answer.unwrap().body(), expected);
    });
}
