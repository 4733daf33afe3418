//! Which part of the path moves, and what stays.

use transom::features::{OriginalTarget, PathBase};
use transom::{ApplicationBuilder, Body, Request, RequestExt};
use transom_middleware::path_base::PathBaseLayer;

use crate::support::{run, send, text};

/// Sends a request through layers with these bases, and returns `base|uri|original`.
fn seen(bases: &[&str], method: &str, target: &str) -> String {
    let mut app = ApplicationBuilder::new();
    for base in bases {
        app = app.layer(PathBaseLayer::new(base).unwrap());
    }
    let app = app.run_fn(|request: Request| async move {
        let base = request.feature::<PathBase>().map_or("-", PathBase::as_str);
        let original = request.feature::<OriginalTarget>().unwrap();
        format!("{base}|{}|{original}", request.uri())
    });
    let request = http::Request::builder().method(method).uri(target);
    let request = request.body(Body::empty()).unwrap();
    run(async { text(send(app, request).await).await })
}

#[test]
fn a_prefix_of_whole_segments_moves_in_the_spelling_of_the_request() {
    for (target, expected) in [
        ("/app", "/app|/|/app"),
        ("/app/", "/app|/|/app/"),
        ("/app/x?q=/app", "/app|/x?q=/app|/app/x?q=/app"),
        ("/APP/x", "/APP|/x|/APP/x"),
        ("/app//x", "/app|//x|/app//x"),
        ("/app/a%2Fb", "/app|/a%2Fb|/app/a%2Fb"),
        ("/app?", "/app|/?|/app?"),
    ] {
        assert_eq!(seen(&["/app"], "GET", target), expected, "{target}");
    }
}

#[test]
fn without_the_prefix_a_request_passes_unchanged() {
    for target in ["/", "/apple", "/ap", "/x/app", "/%61pp/x", "//app"] {
        let expected = format!("-|{target}|{target}");
        assert_eq!(seen(&["/app"], "GET", target), expected);
    }
    assert_eq!(seen(&["/app"], "OPTIONS", "*"), "-|*|*");
}

#[test]
fn bases_add_up_in_their_order() {
    let both = seen(&["/a", "/b"], "GET", "/a/b/c");
    assert_eq!(both, "/a/b|/c|/a/b/c");
    assert_eq!(seen(&["/b", "/a"], "GET", "/a/b/c"), "/a|/b/c|/a/b/c");
}

#[test]
fn an_empty_base_changes_nothing_and_slashes_at_its_end_do_not_count() {
    assert_eq!(seen(&[""], "GET", "/a"), "-|/a|/a");
    assert_eq!(seen(&["/"], "GET", "/a"), "-|/a|/a");
    assert_eq!(seen(&["/a//"], "GET", "/a/b"), "/a|/b|/a/b");
}

#[test]
fn what_is_no_path_is_refused_at_once() {
    for base in ["app", "/a?b", "/a#b", "/a b"] {
        let error = PathBaseLayer::new(base).unwrap_err().to_string();
        assert!(error.contains(&format!("`{base}` is not a path base")));
    }
}
