//! Which method a `POST` stands for, and what becomes of its form.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header};
use http_body::{Body as _, Frame};
use tower_layer::Layer as _;
use transom::{ApplicationBuilder, Body, Request};
use transom_middleware::method_override::{MethodOverrideLayer, Replayed};

use crate::support::{run, send, text};

const FORM: &str = "application/x-www-form-urlencoded";

/// Returns the method that the application sees, and the content.
fn seen(layer: MethodOverrideLayer, request: http::request::Builder, body: Body) -> String {
    let app = ApplicationBuilder::new().layer(layer);
    let app = app.run_fn(|request: Request| async move {
        let method = request.method().to_string();
        let content = request.into_body().collect(1 << 20).await?;
        Ok::<_, transom::body::Error>(format!("{method} {}", String::from_utf8_lossy(&content)))
    });
    run(async { text(send(app, request.body(body).unwrap()).await).await })
}

fn by_header(method: &str, asked: &[&str]) -> String {
    let mut request = http::Request::builder().method(method).uri("/");
    for asked in asked {
        request = request.header("x-http-method-override", *asked);
    }
    seen(MethodOverrideLayer::new(), request, Body::from("c"))
}

fn by_form(layer: MethodOverrideLayer, form: &str) -> String {
    let request = http::Request::post("/").header(header::CONTENT_TYPE, FORM);
    seen(layer, request, Body::from(form.to_owned()))
}

fn form() -> MethodOverrideLayer {
    MethodOverrideLayer::from_form_field("_method")
}

#[test]
fn a_post_is_what_its_header_asks_for_if_that_is_on_the_list() {
    for (asked, method) in [
        ("PUT", "PUT"),
        ("patch", "PATCH"),
        ("Delete", "DELETE"),
        (" PUT ", "PUT"),
        ("", "POST"),
        ("GET", "POST"),
        ("CONNECT", "POST"),
        ("TRACE", "POST"),
        ("PURGE", "POST"),
        ("PUT, DELETE", "POST"),
    ] {
        assert_eq!(by_header("POST", &[asked]), format!("{method} c"));
    }
    assert_eq!(by_header("POST", &[]), "POST c");
    assert_eq!(by_header("POST", &["PUT", "PUT"]), "POST c");
}

#[test]
fn only_a_post_is_overridden() {
    for method in ["PUT", "PATCH", "OPTIONS", "POSTED"] {
        assert_eq!(by_header(method, &["DELETE"]), format!("{method} c"));
    }
    let get = http::Request::get("/").header("x-http-method-override", "DELETE");
    assert_eq!(seen(MethodOverrideLayer::new(), get, Body::empty()), "GET ");
}

#[test]
fn the_field_and_the_methods_can_be_others() {
    let layer = MethodOverrideLayer::from_header(HeaderName::from_static("x-method"))
        .with_methods([Method::from_bytes(b"PURGE").unwrap(), Method::GET]);
    for (asked, method) in [("purge", "PURGE"), ("GET", "GET"), ("PUT", "POST")] {
        let request = http::Request::post("/").header("x-method", asked);
        let seen = seen(layer.clone(), request, Body::empty());
        assert_eq!(seen, format!("{method} "));
    }
}

#[test]
fn a_field_of_a_form_asks_and_the_form_arrives_whole() {
    for (content, method) in [
        ("_method=PUT", "PUT"),
        ("a=1&_method=delete&b=2", "DELETE"),
        ("%5Fmethod=%50UT", "PUT"),
        ("_method=PUT&_method=DELETE", "PUT"),
        ("_method=", "POST"),
        ("_method", "POST"),
        ("method=PUT", "POST"),
        ("_method=GET", "POST"),
        ("", "POST"),
        ("%&=%zz;\u{0}", "POST"),
    ] {
        assert_eq!(by_form(form(), content), format!("{method} {content}"));
    }
}

#[test]
fn with_a_form_field_the_header_does_not_count() {
    let request = http::Request::post("/")
        .header(header::CONTENT_TYPE, FORM)
        .header("x-http-method-override", "DELETE");
    assert_eq!(seen(form(), request, Body::from("a=1")), "POST a=1");
}

#[test]
fn what_is_no_plain_form_is_not_read() {
    let content = "_method=PUT";
    for (content_type, encoding) in [
        (None, None),
        (Some("text/plain"), None),
        (Some("multipart/form-data; boundary=a"), None),
        (Some("application/x-www-form-urlencoded-not"), None),
        (Some(FORM), Some("gzip")),
    ] {
        let mut request = http::Request::post("/");
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(encoding) = encoding {
            request = request.header(header::CONTENT_ENCODING, encoding);
        }
        let seen = seen(form(), request, Body::from(content));
        assert_eq!(seen, "POST _method=PUT", "{content_type:?} {encoding:?}");
    }
    let charset = "Application/X-WWW-Form-Urlencoded ; charset=utf-8";
    let request = http::Request::post("/").header(header::CONTENT_TYPE, charset);
    assert_eq!(
        seen(form(), request, Body::from(content)),
        "PUT _method=PUT"
    );
}

#[test]
fn a_form_that_is_too_long_stays_a_post_and_loses_nothing() {
    let content = "_method=PUT&a=12345";
    let limit = |bytes| form().with_max_form_size(bytes);
    let (whole, long) = (format!("PUT {content}"), format!("POST {content}"));
    assert_eq!(by_form(limit(content.len()), content), whole);
    assert_eq!(by_form(limit(content.len() - 1), content), long);
    assert_eq!(by_form(limit(0), content), long);

    // Of unknown length, in pieces.
    for (bytes, expected) in [(content.len(), whole), (content.len() - 1, long)] {
        let pieces = content.as_bytes().chunks(3);
        let pieces = pieces.map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece))));
        let body = Body::new(Pieces::new(pieces));
        let request = http::Request::post("/").header(header::CONTENT_TYPE, FORM);
        assert_eq!(seen(limit(bytes), request, body), expected);
    }
}

#[test]
fn of_a_form_that_is_announced_as_too_long_nothing_is_read() {
    run(async {
        let content = Pieces {
            announced: 100,
            ..Pieces::new([Ok(Frame::data(Bytes::from_static(b"_method=PUT")))])
        };
        let body = ask(form().with_max_form_size(99), content).await.1;
        assert!(format!("{body:?}").contains("ahead: 0"), "{body:?}");
    });
}

#[test]
fn trailers_errors_and_the_length_come_as_they_were() {
    run(async {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "1".parse().unwrap());
        let pieces = [
            Ok(Frame::data(Bytes::from_static(b"_method"))),
            Ok(Frame::data(Bytes::from_static(b"=PUT"))),
            Ok(Frame::trailers(trailers.clone())),
        ];
        let (method, mut body) = ask(form(), Pieces::new(pieces)).await;
        assert_eq!(method, Method::PUT);
        assert_eq!(body.size_hint().exact(), Some(11));
        let data = frame(&mut body).await.unwrap().unwrap();
        assert_eq!(data.into_data().unwrap(), "_method=PUT");
        assert!(!body.is_end_stream());
        let last = frame(&mut body).await.unwrap().unwrap();
        assert_eq!(last.into_trailers().unwrap(), trailers);
        assert!(body.is_end_stream());
        assert!(frame(&mut body).await.is_none());

        let broken = [
            Ok(Frame::data(Bytes::from_static(b"_method=PUT"))),
            Err(Broken),
        ];
        let (method, mut body) = ask(form(), Pieces::new(broken)).await;
        assert_eq!(method, Method::POST, "who knows what the rest would be");
        assert_eq!(body.size_hint().exact(), None);
        assert!(frame(&mut body).await.unwrap().is_ok());
        assert!(!body.is_end_stream());
        assert!(frame(&mut body).await.unwrap().is_err());
        assert!(frame(&mut body).await.is_none());
    });
}

#[test]
fn a_client_that_goes_while_its_form_is_read_leaves_nothing_behind() {
    let mut asked = Box::pin(ask(
        form(),
        Pieces {
            stuck: true,
            ..Pieces::new([])
        },
    ));
    let waker = std::task::Waker::noop();
    assert!(
        asked
            .as_mut()
            .poll(&mut Context::from_waker(waker))
            .is_pending()
    );
    drop(asked);
}

/// Posts a form to a service, where no Transom is; returns the method that it sees and the body that it gets.
async fn ask(layer: MethodOverrideLayer, body: Pieces) -> (Method, Replayed<Pieces>) {
    let service = tower::service_fn(|request: http::Request<Replayed<Pieces>>| async move {
        Ok::<_, Infallible>((request.method().clone(), request.into_body()))
    });
    let request = http::Request::post("/").header(header::CONTENT_TYPE, FORM);
    let request = request.body(body).unwrap();
    let answer = tower::ServiceExt::oneshot(layer.layer(service), request);
    let Ok(seen) = answer.await;
    seen
}

async fn frame(body: &mut Replayed<Pieces>) -> Option<Result<Frame<Bytes>, Broken>> {
    std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}

/// A body of given frames.
#[derive(Debug)]
struct Pieces {
    frames: std::collections::VecDeque<Result<Frame<Bytes>, Broken>>,
    announced: u64,
    stuck: bool,
}

impl Pieces {
    fn new(frames: impl IntoIterator<Item = Result<Frame<Bytes>, Broken>>) -> Self {
        Self {
            frames: frames.into_iter().collect(),
            announced: 0,
            stuck: false,
        }
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.stuck {
            true => Poll::Pending,
            false => Poll::Ready(self.frames.pop_front()),
        }
    }

    fn size_hint(&self) -> http_body::SizeHint {
        let mut hint = http_body::SizeHint::new();
        hint.set_lower(self.announced);
        hint
    }
}

#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}
