//! Every rule of the lint can be broken, and is found; what breaks none is not found fault with.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use transom::adapter::{Dispatcher, upgrade_offer};
use transom::features::{
    ConnectionInfo, Endpoint, Features, MaxRequestBodySize, OriginalTarget, PathBase,
    RequestIdentifier, Scheme, ServerInfo, Transport, Upgrade,
};
use transom::{Application, Body, Request, RequestExt, Response, Shutdown};
use transom_conformance::{Lint, Report, Rule};

type Answer = fn(&Request) -> Response;
type Mutate = fn(&mut Request);

/// Rules, and requests that break them.
const BY_SERVERS: &[(&str, Mutate)] = &[
    ("L-REQ-URI", |request| {
        *request.uri_mut() = Uri::from_static("http://example.com/path");
    }),
    ("L-REQ-URI", |request| {
        *request.uri_mut() = Uri::from_static("*");
    }),
    ("L-REQ-HOST", |request| {
        request.headers_mut().remove("host");
    }),
    ("L-REQ-HOST", |request| {
        let second = HeaderValue::from_static("second.test");
        request.headers_mut().append("host", second);
        *request.version_mut() = Version::HTTP_2;
    }),
    ("L-REQ-HOST", |request| {
        let host = HeaderValue::from_static("user@example.com");
        request.headers_mut().insert("host", host);
    }),
    ("L-REQ-FEATURES", |request| {
        request.extensions_mut().remove::<Features>();
    }),
    ("L-REQ-ID", |request| {
        request
            .features_mut()
            .insert(RequestIdentifier::new("the same"));
    }),
    ("L-REQ-BASE", |request| {
        request
            .features_mut()
            .insert(PathBase::new("/base").unwrap());
    }),
    ("L-REQ-ENDS", |request| {
        let made_up = Endpoint::Tcp("0.0.0.0:80".parse().unwrap());
        let info = ConnectionInfo::new(Transport::Tcp).with_remote(made_up);
        request.features_mut().insert(info);
    }),
    ("L-REQ-ENDS", |request| {
        let made_up = Endpoint::Tcp("127.0.0.1:0".parse().unwrap());
        let info = ConnectionInfo::new(Transport::Tcp).with_local(made_up);
        request.features_mut().insert(info);
    }),
    ("L-REQ-CL", |request| announce(request.headers_mut(), "4")),
    ("L-REQ-CL", |request| announce(request.headers_mut(), "6")),
    ("L-REQ-CL", |request| {
        announce(request.headers_mut(), "five");
    }),
    ("L-REQ-CL", |request| {
        *request.body_mut() = Body::empty();
        announce(request.headers_mut(), "5");
    }),
    ("L-REQ-CL", |request| {
        announce(request.headers_mut(), "5");
        let chunked = HeaderValue::from_static("chunked");
        request.headers_mut().insert("transfer-encoding", chunked);
    }),
    ("L-FEAT-LATE", |request| {
        request.features_mut().insert(MaxRequestBodySize::new(None));
    }),
    ("L-BODY-HINT", |request| {
        *request.body_mut() = hinting(6, "hello");
    }),
    ("L-BODY-HINT", |request| {
        *request.body_mut() = hinting(4, "hello");
    }),
    ("L-BODY-ORDER", |request| {
        *request.body_mut() = trailing(true);
    }),
];

/// Rules, and responses that break them.
const BY_APPLICATIONS: &[(&str, Answer)] = &[
    ("L-RES-STATUS", |_| with_status(600)),
    ("L-RES-STATUS", |_| with_status(103)),
    ("L-RES-101", |_| switching()),
    ("L-RES-101", |request| {
        // Offered, and not taken.
        assert!(request.feature::<dyn Upgrade>().is_none());
        switching()
    }),
    ("L-RES-CL", |_| announced("6")),
    ("L-RES-CL", |_| announced("4")),
    ("L-RES-CL", |_| announced("five")),
    ("L-RES-CL", |_| {
        let mut response = announced("5");
        let second = HeaderValue::from_static("5");
        response.headers_mut().append("content-length", second);
        response
    }),
    ("L-RES-CL", |_| announced("5").map(|_| Body::empty())),
    ("L-RES-NOBODY", |_| {
        with_status(204).map(|_| Body::from("hello"))
    }),
    ("L-RES-NOBODY", |_| {
        with_status(205).map(|_| Body::from("hello"))
    }),
    ("L-RES-NOBODY", |_| {
        with_status(304).map(|_| Body::from("hello"))
    }),
    ("L-RES-NOBODY", |_| {
        let mut response = with_status(204);
        announce(response.headers_mut(), "0");
        response
    }),
    ("L-RES-TE", |_| with_field("transfer-encoding", "chunked")),
    ("L-RES-TE", |_| with_field("connection", "close")),
    ("L-RES-TE", |_| with_field("upgrade", "websocket")),
    ("L-RES-TE", |_| with_field("keep-alive", "timeout=5")),
    ("L-RES-HDRVAL", |_| with_field("x-blank", " a")),
    ("L-RES-TRAILERS", |_| {
        let mut trailers = HeaderMap::new();
        announce(&mut trailers, "5");
        Response::new(Body::from("hello").with_trailers(trailers))
    }),
    ("L-BODY-HINT", |_| Response::new(hinting(6, "hello"))),
    ("L-BODY-HINT", |_| Response::new(hinting(4, "hello"))),
    ("L-BODY-ORDER", |_| Response::new(trailing(true))),
    ("L-RES-CTYPE", |_| Response::new(Body::from("hello"))),
    ("L-RES-VALIDATOR", |_| with_status(304)),
];

#[tokio::test]
async fn what_a_server_does_wrong_is_found() {
    for (rule, mutate) in BY_SERVERS {
        let (lint, report) = Lint::new(answer(|_| Response::default()));
        for _ in 0..2 {
            let mut request = request();
            mutate(&mut request);
            exchange(&lint, request).await;
        }
        assert_breaks(&report, rule);
    }
}

#[tokio::test]
async fn what_an_application_does_wrong_is_found() {
    for (rule, respond) in BY_APPLICATIONS {
        let (lint, report) = Lint::new(answer(*respond));
        exchange(&lint, request()).await;
        assert_breaks(&report, rule);
    }
}

#[tokio::test]
async fn an_upgrade_that_was_offered_has_to_be_accepted() {
    for accept in [true, false] {
        let app = move |request: Request| async move {
            if accept {
                let upgrade = request.feature::<dyn Upgrade>().unwrap();
                drop(upgrade.accept().unwrap());
            }
            switching()
        };
        let (lint, report) = Lint::new(app);
        let mut request = request();
        let (offer, _completion) = upgrade_offer();
        request.features_mut().insert_shared(offer);
        exchange(&lint, request).await;
        assert_eq!(report.is_clean(), accept, "{report:?}");
    }
}

#[tokio::test]
async fn what_is_right_is_not_found_fault_with() {
    let answers: &[Answer] = &[
        |_| with_field("content-type", "text/plain"),
        |_| announced("5"),
        |_| with_status(204),
        |_| with_status(599),
        |_| {
            let mut response = with_status(426);
            let headers = response.headers_mut();
            headers.insert("upgrade", HeaderValue::from_static("websocket"));
            headers.insert("connection", HeaderValue::from_static("Upgrade"));
            response
        },
        |_| Response::new(trailing(false)),
        |_| Response::new(hinting(5, "hello")),
    ];
    let requests: &[fn() -> Request] = &[
        request,
        || {
            let mut request = request();
            announce(request.headers_mut(), "5");
            request
        },
        || {
            let mut request = request();
            *request.method_mut() = Method::OPTIONS;
            *request.uri_mut() = Uri::from_static("*");
            let target = OriginalTarget::new(Uri::from_static("*"));
            request.features_mut().insert(target);
            request
        },
        || request_with(trailing(false)),
        || request_with(Body::empty()),
    ];
    for respond in answers {
        for request in requests {
            let (lint, report) = Lint::new(answer(*respond));
            exchange(&lint, request()).await;
            assert!(report.is_clean(), "{report:?}");
        }
    }
}

#[tokio::test]
async fn a_body_stays_ended_whatever_is_in_it() {
    let frames = ["one", "two"].map(Ok::<_, std::io::Error>);
    let frames =
        stream::iter(frames).chain(stream::once(async { Err(std::io::Error::other("broken")) }));
    let frames = frames.chain(stream::iter([Ok("three")]));
    let mut body = Body::from_stream(frames);
    for _ in 0..2 {
        assert!(body.frame().await.unwrap().is_ok());
    }
    assert!(body.frame().await.unwrap().is_err());
    for _ in 0..3 {
        assert!(body.frame().await.is_none(), "L-BODY-AFTER-END");
    }
}

#[test]
fn every_rule_is_broken_by_something_here() {
    let servers = BY_SERVERS.iter().map(|(rule, _)| *rule);
    let applications = BY_APPLICATIONS.iter().map(|(rule, _)| *rule);
    let broken: HashSet<_> = servers.chain(applications).collect();
    let all: HashSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    assert_eq!(broken, all);
}

#[track_caller]
fn assert_breaks(report: &Report, rule: &str) {
    let found: HashSet<_> = report
        .violations()
        .iter()
        .map(|one| one.rule().id())
        .collect();
    assert!(found.contains(rule), "{rule} was not found, but {report:?}");
}

/// Reads the request to its end, and answers.
fn answer(respond: Answer) -> impl Application {
    move |mut request: Request| {
        let response = respond(&request);
        async move {
            while let Some(Ok(_)) = request.body_mut().frame().await {}
            response
        }
    }
}

/// Has a request answered, and reads the answer to its end.
async fn exchange(app: &impl Application, request: Request) {
    let mut body = app.call(request).await.into_body();
    while let Some(Ok(_)) = body.frame().await {}
}

/// A request as a server hands it over.
fn request() -> Request {
    request_with(hinting(5, "hello"))
}

fn request_with(body: Body) -> Request {
    let mut features = Features::new();
    features.insert(ServerInfo::new("test", "1"));
    let app = |_| async { Response::default() };
    let dispatcher = Dispatcher::new(app, features, &Shutdown::never());
    let info = ConnectionInfo::new(Transport::Memory);
    let connection = dispatcher.connection(info, Scheme::Http);
    let request = http::Request::post("http://example.com/path?query");
    let request = request.body(body).unwrap();
    let mut call = dispatcher.call(&connection, request);
    std::mem::take(call.request_mut())
}

fn with_status(status: u16) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

fn with_field(name: &'static str, value: &'static str) -> Response {
    let mut response = Response::default();
    let value = HeaderValue::from_static(value);
    response.headers_mut().insert(name, value);
    response
}

fn announced(length: &'static str) -> Response {
    let mut response = Response::new(Body::from("hello"));
    announce(response.headers_mut(), length);
    response
}

fn announce(headers: &mut HeaderMap, length: &'static str) {
    headers.insert("content-length", HeaderValue::from_static(length));
}

fn switching() -> Response {
    let mut response = with_status(101);
    let headers = response.headers_mut();
    headers.insert("upgrade", HeaderValue::from_static("echo"));
    headers.insert("connection", HeaderValue::from_static("upgrade"));
    response
}

/// A body that says that it has `length` bytes.
fn hinting(length: u64, data: &'static str) -> Body {
    let (mut sender, body) = transom::adapter::body_pump(Some(length));
    tokio::spawn(async move {
        sender.data(data).await.unwrap();
        sender.finish();
    });
    body
}

/// A body with trailers at its end, or before it.
fn trailing(early: bool) -> Body {
    let data = Frame::data(Bytes::from("hello"));
    let trailers = Frame::trailers(HeaderMap::new());
    let frames = match early {
        true => [trailers, data],
        false => [data, trailers],
    };
    let frames = frames.map(Ok::<_, transom::body::Error>);
    Body::new(StreamBody::new(stream::iter(frames)))
}
