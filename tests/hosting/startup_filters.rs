//! Stages that stand before those of the program.

use http::HeaderValue;
use transom::testing::{TestClient, TestServer};
use transom::{ApplicationBuilder, Body, Host, Request, RunningHost};

use crate::scripted::soon;

#[derive(Clone)]
struct Property(&'static str);

fn mark(app: ApplicationBuilder, mark: &'static str) -> ApplicationBuilder {
    app.use_fn(move |mut request: Request, next| {
        let before = request.headers().get("marks").cloned();
        let before = before.map_or(String::new(), |value| text(&value));
        let marks = format!("{before}{mark}").parse().expect("letters");
        request.headers_mut().insert("marks", marks);
        next.run(request)
    })
}

async fn marks(request: Request) -> String {
    let marks = request.headers().get("marks");
    marks.map_or(String::new(), text)
}

fn text(value: &HeaderValue) -> String {
    value.to_str().expect("letters").to_owned()
}

async fn asked(host: &RunningHost) -> String {
    let features = host.server_features().next().expect("the server");
    let client = features.require::<TestClient>().expect("it is that one");
    let response = soon(client.get("/")).await.expect("an answer");
    let content = response.into_body().collect(64).await.expect("all of it");
    String::from_utf8(content.to_vec()).expect("it answers with text")
}

#[tokio::test]
async fn they_come_first_in_their_order_whatever_the_program_ends_with() {
    let builder = || {
        Host::builder(TestServer::new())
            .with_startup_filter(|app| mark(app, "1"))
            .with_startup_filter(|app| mark(app, "2"))
    };
    let hosts = [
        (
            builder().configure(|app| mark(app, "3").run_fn(marks)),
            "123",
        ),
        (
            builder().serve(ApplicationBuilder::new().run_fn(marks)),
            "12",
        ),
        // The program does not use the builder that it is given.
        (
            builder().configure(|_| ApplicationBuilder::new().run_fn(marks)),
            "12",
        ),
    ];
    for (host, expected) in hosts {
        let host = soon(host.start()).await.unwrap();
        assert_eq!(asked(&host).await, expected);
        soon(host.stop()).await.unwrap();
    }
}

#[tokio::test]
async fn they_see_the_server_and_tell_the_program_by_properties() {
    let host = Host::builder(TestServer::new())
        .with_startup_filter(|mut app| {
            assert!(app.server_features().contains::<TestClient>());
            app.properties_mut().insert(Property("told"));
            app
        })
        .configure(|app| {
            assert!(app.server_features().contains::<TestClient>());
            let told = app.properties().get::<Property>().unwrap().0;
            app.run_fn(move |_| async move { told })
        });
    let host = soon(host.start()).await.unwrap();
    assert_eq!(asked(&host).await, "told");
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn the_errors_of_their_stages_are_mapped_as_those_of_the_program() {
    let host = Host::builder(TestServer::new())
        .with_error_mapper(|error| format!("mapped: {error}"))
        .with_startup_filter(|app| {
            let fail = tower::layer::layer_fn(|_| {
                tower::service_fn(|_: Request| async {
                    Err::<http::Response<Body>, _>(std::io::Error::other("a mistake"))
                })
            });
            app.layer(fail)
        })
        .configure(|app| app.run_fn(marks));
    let host = soon(host.start()).await.unwrap();
    assert_eq!(asked(&host).await, "mapped: a mistake");
    soon(host.stop()).await.unwrap();
}
