//! What a builder tells its stages, and how a pipeline prints.

use std::sync::Arc;

use http::{HeaderValue, header};
use tower::ServiceBuilder;
use tower_http::set_header::SetResponseHeaderLayer;
use transom::features::{ServerAddresses, ServerInfo};
use transom::{App, Application, ApplicationBuilder, Body, Features, Request, Response};

use super::support::{ok, place, run, say};

#[derive(Clone, Debug, PartialEq)]
struct Policy(&'static str);

fn policy(app: &ApplicationBuilder) -> Option<&'static str> {
    app.properties().get::<Policy>().map(|policy| policy.0)
}

#[test]
fn a_branch_inherits_the_properties_and_its_writes_stay_its_own() {
    let mut app = ApplicationBuilder::new();
    app.properties_mut().insert(Policy("main"));
    let mut seen = Vec::new();
    let app = app.map("/a", |mut branch| {
        seen.push(policy(&branch));
        branch.properties_mut().insert(Policy("branch"));
        branch
            .map_when(
                |_| true,
                |nested| {
                    seen.push(policy(&nested));
                    nested.build()
                },
            )
            .build()
    });
    assert_eq!(seen, [Some("main"), Some("branch")]);
    assert_eq!(policy(&app), Some("main"));

    let app = app.use_when(
        |_| true,
        |mut detour| {
            assert_eq!(policy(&detour), Some("main"));
            detour.properties_mut().insert(Policy("detour"));
            detour
        },
    );
    assert_eq!(policy(&app), Some("main"));
}

#[test]
fn a_property_that_is_added_after_a_branch_is_not_in_it() {
    let mut seen = Some("unset");
    let mut app = ApplicationBuilder::new().map("/a", |branch| {
        seen = policy(&branch);
        branch.build()
    });
    app.properties_mut().insert(Policy("late"));
    assert_eq!(seen, None);
    assert_eq!(policy(&app), Some("late"));
}

#[test]
fn branches_are_built_at_once_in_written_order() {
    let mut order = Vec::new();
    let app = ApplicationBuilder::new().map("/a", |a| {
        order.push("a");
        a.build()
    });
    order.push("between");
    let app = app.use_when(
        |_| true,
        |b| {
            order.push("b");
            b
        },
    );
    order.push("end");
    let _ = app.build();
    assert_eq!(order, ["a", "between", "b", "end"]);
}

#[test]
fn the_features_of_the_server_are_there_while_building_and_in_every_branch() {
    let mut features = Features::new();
    features.insert(ServerInfo::new("test", "1.0"));
    let name = |app: &ApplicationBuilder| {
        app.server_features()
            .get::<ServerInfo>()
            .map(ToString::to_string)
    };
    let mut seen = Vec::new();
    let app = ApplicationBuilder::new().with_server_features(Arc::new(features));
    seen.push(name(&app));
    let _ = app
        .map("/a", |a| {
            seen.push(name(&a));
            a.map_when(
                |_| true,
                |b| {
                    seen.push(name(&b));
                    b.build()
                },
            )
            .build()
        })
        .build();
    assert_eq!(seen, [(); 3].map(|()| Some("test/1.0".to_owned())));
}

#[test]
fn a_builder_for_no_server_has_no_features() {
    let app = ApplicationBuilder::new();
    assert!(app.server_features().get::<ServerAddresses>().is_none());
    let missing = app.server_features().require::<ServerAddresses>();
    assert_eq!(
        missing.unwrap_err().to_string(),
        "no server provides the feature `server.addresses`; there are none at all"
    );
}

#[derive(Clone)]
struct Hello;

impl Application for Hello {
    async fn call(&self, _: Request) -> Response {
        Response::new(Body::from("hello"))
    }
}

#[test]
fn a_pipeline_prints_as_the_list_of_its_stages_branches_nested() {
    let stamp =
        || SetResponseHeaderLayer::overriding(header::SERVER, HeaderValue::from_static("transom"));
    let app = ApplicationBuilder::new()
        .layer(stamp())
        .use_path_base("/base")
        .map("/admin", |admin| {
            admin
                .use_fn(|request, next| next.run(request))
                .map("/users", |users| users.run(Hello))
                .build()
        })
        .map_when(|_| false, |branch| branch.run_fn(ok))
        .use_when(|_| false, |detour| detour.layer(stamp()))
        .layer(
            ServiceBuilder::new()
                .layer(stamp())
                .layer(stamp())
                .into_inner(),
        );
    let stages = r#"layer SetResponseHeaderLayer, use_path_base "/base", map "/admin" [use_fn, map "/users" [run Hello], 404], map_when [run_fn], use_when [layer SetResponseHeaderLayer]"#;
    let before_its_end = format!("{app:?}");
    assert!(
        before_its_end.starts_with(&format!("[{stages}, layer ")),
        "{before_its_end}"
    );
    let app = app.run(axum::Router::<()>::new());
    let whole = format!("{app:?}");
    assert!(whole.starts_with(&format!("[{stages}, layer ")), "{whole}");
    assert!(whole.ends_with(", run Router]"), "{whole}");
}

#[test]
fn a_stack_prints_as_the_layers_in_it() {
    let stamp =
        || SetResponseHeaderLayer::overriding(header::SERVER, HeaderValue::from_static("transom"));
    let app = ApplicationBuilder::new()
        .layer(
            ServiceBuilder::new()
                .layer(tower_http::catch_panic::CatchPanicLayer::new())
                .layer(stamp())
                .into_inner(),
        )
        .build();
    assert_eq!(
        format!("{app:?}"),
        "[layer CatchPanicLayer + SetResponseHeaderLayer, 404]"
    );
}

#[test]
fn an_application_within_an_application_prints_as_itself() {
    let inner = ApplicationBuilder::new()
        .use_fn(|request, next| next.run(request))
        .run(Hello);
    let outer = ApplicationBuilder::new()
        .use_path_base("/x")
        .run(inner.clone());
    assert_eq!(format!("{inner:?}"), "[use_fn, run Hello]");
    assert_eq!(
        format!("{outer:?}"),
        r#"[use_path_base "/x", [use_fn, run Hello]]"#
    );
}

#[test]
fn one_application_serves_in_two_pipelines() {
    run(async {
        let shared: App = ApplicationBuilder::new().run_fn(place);
        let one = ApplicationBuilder::new()
            .use_path_base("/one")
            .run(shared.clone());
        let two = ApplicationBuilder::new().map("/two", |_| shared).build();
        assert_eq!(say(&one, "/one/x").await, "[/one][/x]");
        assert_eq!(say(&two, "/two/x").await, "[/two][/x]");
    });
}
