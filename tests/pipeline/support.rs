//! What the tests of the pipeline share.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use transom::features::PathBase;
use transom::{App, Application, Body, Request, RequestExt, Response};

/// Runs a test's future; nothing here may take longer than the deadline.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(10), test)
            .await
            .expect("the test takes longer than 10 s")
    })
}

pub(crate) fn get(path: &str) -> Request {
    request(http::Request::get(path))
}

pub(crate) fn request(builder: http::request::Builder) -> Request {
    builder.body(Body::empty()).unwrap()
}

pub(crate) fn post(body: impl Into<Body>) -> Request {
    http::Request::post("/").body(body.into()).unwrap()
}

pub(crate) async fn text(response: Response) -> String {
    let bytes = response.into_body().collect(1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Sends `GET path` and returns the status and the text.
pub(crate) async fn answer(app: &App, path: &str) -> (u16, String) {
    let response = app.call(get(path)).await;
    (response.status().as_u16(), text(response).await)
}

/// Sends `GET path` and returns the text.
pub(crate) async fn say(app: &App, path: &str) -> String {
    answer(app, path).await.1
}

/// The end of many a pipeline here: says where it thinks that it is.
pub(crate) async fn place(request: Request) -> String {
    let base = request.feature::<PathBase>().cloned().unwrap_or_default();
    format!("[{base}][{}]", request.uri())
}

pub(crate) async fn ok(_: Request) -> StatusCode {
    StatusCode::OK
}

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub(crate) fn read(&self) -> String {
        self.0.lock().unwrap().join(" ")
    }
}
