use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use transom::adapter::{Mount, MountBody};
use transom::features::ServerInfo;
use transom::{Application, Body, Features, Request, Response};

pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn mounted<A: Application>(app: A) -> Mount<A> {
    let mut features = Features::new();
    features.insert(ServerInfo::new("test", "1.0"));
    Mount::new(app, features)
}

pub(crate) fn get(target: &str) -> Request {
    let request = http::Request::get(target).header("host", "example.com");
    request.body(Body::empty()).unwrap()
}

/// An application that answers with what `says` makes of the request.
pub(crate) fn telling(says: fn(&Request) -> String) -> impl Application {
    move |request: Request| std::future::ready(Response::new(Body::from(says(&request))))
}

pub(crate) async fn text(response: http::Response<MountBody>) -> String {
    let body = Body::new(response.into_body()).collect(1024).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

/// Returns the next frame of data, or the error.
pub(crate) async fn frame(body: &mut MountBody) -> Option<Result<Bytes, transom::body::Error>> {
    let mut body = std::pin::Pin::new(body);
    let frame = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx));
    let frame = tokio::time::timeout(PATIENCE, frame).await.unwrap();
    frame.map(|frame| frame.map(|frame| frame.into_data().unwrap()))
}
