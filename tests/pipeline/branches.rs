//! `map`, `map_when`, `use_when` and `use_path_base`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use http::{Method, StatusCode};
use transom::features::{OriginalTarget, PathBase};
use transom::pipeline::Next;
use transom::{Application, ApplicationBuilder, Body, Features, Request, RequestExt};

use super::support::{Diary, answer, get, place, request, run, say};

/// A pipeline with one branch at `path`; both say where they are.
fn mapped(path: &str) -> transom::App {
    ApplicationBuilder::new()
        .map(path, |branch| {
            branch.run_fn(|request| async { format!("branch {}", place(request).await) })
        })
        .run_fn(|request| async { format!("main {}", place(request).await) })
}

#[test]
fn map_takes_whole_segments_and_moves_them_to_the_path_base() {
    run(async {
        let app = mapped("/foo");
        for (path, expected) in [
            ("/foo", "branch [/foo][/]"),
            ("/foo/", "branch [/foo][/]"),
            ("/foo/bar", "branch [/foo][/bar]"),
            ("/foo//bar", "branch [/foo][//bar]"),
            ("/foo?q=1", "branch [/foo][/?q=1]"),
            ("/foo/bar?q=/foo", "branch [/foo][/bar?q=/foo]"),
            ("/foobar", "main [][/foobar]"),
            ("/fo", "main [][/fo]"),
            ("/", "main [][/]"),
            ("/bar/foo", "main [][/bar/foo]"),
            ("//foo", "main [][//foo]"),
        ] {
            assert_eq!(say(&app, path).await, expected, "{path}");
        }
    });
}

#[test]
fn map_ignores_case_and_keeps_the_spelling_of_the_request() {
    run(async {
        let app = mapped("/foo/Bar");
        assert_eq!(say(&app, "/FOO/bAR/Baz").await, "branch [/FOO/bAR][/Baz]");
    });
}

#[test]
fn map_compares_the_bytes_of_the_request_and_keeps_them() {
    run(async {
        let app = mapped("/a%2Fb");
        assert_eq!(say(&app, "/a%2fb/%20c").await, "branch [/a%2fb][/%20c]");
        // Percent-encoding is not undone: what a router behind would not match, `map` does not either.
        assert_eq!(say(&mapped("/foo"), "/%66oo").await, "main [][/%66oo]");
    });
}

#[test]
fn an_empty_map_matches_everything_and_moves_nothing() {
    run(async {
        let app = mapped("");
        assert_eq!(say(&app, "/any/thing").await, "branch [][/any/thing]");
        let response = app
            .call(request(
                http::Request::builder().method(Method::OPTIONS).uri("*"),
            ))
            .await;
        assert_eq!(super::support::text(response).await, "branch [][*]");
    });
}

#[test]
fn map_passes_what_is_no_path() {
    run(async {
        let app = mapped("/foo");
        for (method, target) in [(Method::OPTIONS, "*"), (Method::CONNECT, "example.com:443")] {
            let request = request(http::Request::builder().method(method).uri(target));
            let said = super::support::text(app.call(request).await).await;
            assert_eq!(said, format!("main [][{target}]"));
        }
    });
}

#[test]
fn a_branch_does_not_come_back() {
    run(async {
        let app = ApplicationBuilder::new()
            .map("/only", |branch| branch.build())
            .run_fn(|_| async { "main" });
        assert_eq!(answer(&app, "/only/this").await, (404, String::new()));
        assert_eq!(answer(&app, "/other").await, (200, "main".into()));
    });
}

#[test]
fn maps_nest_and_the_path_base_grows() {
    run(async {
        let app = ApplicationBuilder::new()
            .map("/one", |one| {
                one.map("/two", |two| two.run_fn(place)).run_fn(place)
            })
            .run_fn(place);
        assert_eq!(say(&app, "/one/two/three").await, "[/one/two][/three]");
        assert_eq!(say(&app, "/one/two").await, "[/one/two][/]");
        assert_eq!(say(&app, "/one/other").await, "[/one][/other]");
        assert_eq!(say(&app, "/two").await, "[][/two]");
    });
}

#[test]
fn a_map_of_several_segments_matches_them_all() {
    run(async {
        let app = mapped("/a/b");
        assert_eq!(say(&app, "/a/b/c").await, "branch [/a/b][/c]");
        assert_eq!(say(&app, "/a/c").await, "main [][/a/c]");
        assert_eq!(say(&app, "/a").await, "main [][/a]");
    });
}

#[test]
fn stages_after_a_map_do_not_see_its_path() {
    run(async {
        let app = ApplicationBuilder::new()
            .map("/a", |a| a.run_fn(place))
            .map("/b", |b| b.run_fn(place))
            .run_fn(place);
        assert_eq!(say(&app, "/b/a").await, "[/b][/a]");
        assert_eq!(say(&app, "/c/a").await, "[][/c/a]");
    });
}

#[test]
fn the_first_map_that_matches_wins() {
    run(async {
        let app = ApplicationBuilder::new()
            .map("/a", |a| a.run_fn(|_| async { "first" }))
            .map("/a/b", |ab| ab.run_fn(|_| async { "second" }))
            .build();
        assert_eq!(say(&app, "/a/b").await, "first");
    });
}

#[test]
fn what_the_server_said_of_the_target_stays() {
    run(async {
        let app = ApplicationBuilder::new()
            .map("/app", |app| {
                app.run_fn(|request: Request| async move {
                    let target = request.feature::<OriginalTarget>().unwrap();
                    format!("{target} is {}", request.uri())
                })
            })
            .build();
        let mut request = get("/app/x");
        let target = OriginalTarget::new(request.uri().clone());
        request.features_mut().insert(target);
        let said = super::support::text(app.call(request).await).await;
        assert_eq!(said, "/app/x is /x");
    });
}

#[test]
fn a_path_of_a_map_that_is_malformed_is_named_at_the_call() {
    for (path, complaint) in [
        (
            "/a/",
            "the path of a branch must not end with `/`, but `/a/` does",
        ),
        (
            "/",
            "the path of a branch must not end with `/`, but `/` does",
        ),
        (
            "a",
            "`a` is not a path base: write it empty, or like `/app`",
        ),
        (
            "/a?b",
            "`/a?b` is not a path base: write it empty, or like `/app`",
        ),
        (
            "/a b",
            "`/a b` is not a path base: write it empty, or like `/app`",
        ),
    ] {
        let build = || ApplicationBuilder::new().map(path, ApplicationBuilder::build);
        let panic = catch_unwind(AssertUnwindSafe(build)).unwrap_err();
        assert_eq!(
            panic.downcast_ref::<String>().map(String::as_str),
            Some(complaint)
        );
    }
}

#[test]
fn map_when_branches_by_any_test_and_keeps_the_path() {
    run(async {
        let app = ApplicationBuilder::new()
            .map_when(
                |request| request.uri().query().is_some(),
                |branch| branch.run_fn(|request| async { format!("q {}", place(request).await) }),
            )
            .run_fn(place);
        assert_eq!(say(&app, "/a?b").await, "q [][/a?b]");
        assert_eq!(say(&app, "/a").await, "[][/a]");
    });
}

#[test]
fn map_when_does_not_come_back() {
    run(async {
        let app = ApplicationBuilder::new()
            .map_when(|_| true, |branch| branch.build())
            .run_fn(|_| async { "main" });
        assert_eq!(answer(&app, "/").await, (404, String::new()));
    });
}

/// A stage that notes its name on the way in and out.
fn noted(app: ApplicationBuilder, name: &'static str, diary: &Diary) -> ApplicationBuilder {
    let diary = diary.clone();
    app.use_fn(move |request, next: Next| {
        let diary = diary.clone();
        async move {
            diary.note(format!("{name}>"));
            let response = next.run(request).await;
            diary.note(format!("<{name}"));
            response
        }
    })
}

#[test]
fn use_when_rejoins_the_pipeline_when_its_stages_call_next() {
    run(async {
        let diary = Diary::default();
        let app = noted(ApplicationBuilder::new(), "before", &diary);
        let app = app.use_when(
            |request| request.uri().path() == "/detour",
            |detour| noted(noted(detour, "d1", &diary), "d2", &diary),
        );
        let app = noted(app, "after", &diary);
        let app = app.run_fn(|_| async { "end" });

        assert_eq!(say(&app, "/detour").await, "end");
        assert_eq!(
            diary.read(),
            "before> d1> d2> after> <after <d2 <d1 <before"
        );
        let straight = diary.read().len();
        assert_eq!(say(&app, "/").await, "end");
        assert_eq!(&diary.read()[straight..], " before> after> <after <before");
    });
}

#[test]
fn a_detour_may_end_the_request() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_when(
                |request| !request.headers().contains_key("authorization"),
                |detour| detour.use_fn(|_, _| async { StatusCode::UNAUTHORIZED }),
            )
            .run_fn(|_| async { "secret" });
        assert_eq!(answer(&app, "/").await.0, 401);
        let known = request(http::Request::get("/").header("authorization", "me"));
        assert_eq!(app.call(known).await.status(), 200);
    });
}

#[test]
fn an_empty_detour_changes_nothing() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_when(|_| true, |detour| detour)
            .run_fn(|_| async { "main" });
        assert_eq!(say(&app, "/").await, "main");
    });
}

#[test]
fn detours_nest_and_each_rejoins_where_it_left() {
    run(async {
        let diary = Diary::default();
        let app = ApplicationBuilder::new().use_when(
            |_| true,
            |outer| {
                let outer = outer.use_when(|_| true, |inner| noted(inner, "inner", &diary));
                noted(outer, "outer", &diary)
            },
        );
        let app = noted(app, "main", &diary).run_fn(|_| async { "end" });
        assert_eq!(say(&app, "/").await, "end");
        assert_eq!(diary.read(), "inner> outer> main> <main <outer <inner");
    });
}

#[test]
fn a_branch_within_a_detour_ends_and_the_rest_of_the_detour_rejoins() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_when(
                |_| true,
                |detour| detour.map("/a", |a| a.run_fn(|_| async { "a" })),
            )
            .run_fn(place);
        assert_eq!(say(&app, "/a").await, "a");
        assert_eq!(say(&app, "/b").await, "[][/b]");
    });
}

#[test]
fn use_path_base_takes_the_prefix_off_where_it_is_there() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_path_base("/app")
            .run_fn(place);
        assert_eq!(say(&app, "/app/page?q").await, "[/app][/page?q]");
        assert_eq!(say(&app, "/APP").await, "[/APP][/]");
        assert_eq!(say(&app, "/apple").await, "[][/apple]", "runs unchanged");
        assert_eq!(say(&app, "/").await, "[][/]");
    });
}

#[test]
fn use_path_base_appends_to_the_base_that_is_there() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_path_base("/a")
            .use_path_base("/b")
            .map("/c", |c| c.run_fn(place))
            .build();
        assert_eq!(say(&app, "/a/b/c/d").await, "[/a/b/c][/d]");
        assert_eq!(say(&app, "/b/c").await, "[/b/c][/]");

        // One that a server or a host set, further out.
        let mut server = Features::new();
        server.insert(PathBase::new("/mount").unwrap());
        let mut request = get("/a/c");
        *request.features_mut() = Features::scope(std::sync::Arc::new(server));
        let said = super::support::text(app.call(request).await).await;
        assert_eq!(said, "[/mount/a/c][/]");
    });
}

#[test]
fn slashes_at_the_end_of_a_path_base_do_not_count_and_an_empty_one_adds_nothing() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_path_base("/app//")
            .use_path_base("")
            .use_path_base("/")
            .run_fn(place);
        assert_eq!(format!("{app:?}"), r#"[use_path_base "/app", run_fn]"#);
        assert_eq!(say(&app, "/app/x").await, "[/app][/x]");
    });
}

#[test]
fn a_path_base_that_is_no_path_is_named_at_the_call() {
    let build = || ApplicationBuilder::new().use_path_base("app").build();
    let panic = catch_unwind(AssertUnwindSafe(build)).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().map(String::as_str),
        Some("`app` is not a path base: write it empty, or like `/app`")
    );
}

#[test]
fn the_features_and_the_body_go_into_a_branch_whole() {
    run(async {
        let app = ApplicationBuilder::new()
            .map("/in", |branch| {
                branch.run_fn(|request: Request| async move {
                    let marked = request.extensions().get::<&str>().copied();
                    let bytes = request.into_body().collect(64).await.unwrap();
                    format!("{marked:?} {bytes:?}")
                })
            })
            .build();
        let mut request = http::Request::post("/in").body(Body::from("body")).unwrap();
        request.extensions_mut().insert("mark");
        let said = super::support::text(app.call(request).await).await;
        assert_eq!(said, r#"Some("mark") b"body""#);
    });
}
