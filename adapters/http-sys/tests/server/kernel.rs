//! What the kernel can do beside HTTP, where the system has it; and what is said where it has not.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::runtime::Runtime;
use transom::features::Features;
use transom::{Body, BoundServer, Error, Request, RequestExt, Response, Server};
use transom_http_sys::{
    Authentication, Delegation, HttpSysServer, RequestDelegation, RequestInfo, RequestProperties,
    RequestQueueMode,
};

use crate::support::Running;

fn local() -> HttpSysServer {
    HttpSysServer::new("http://127.0.0.1:0").with_accepts(8)
}

/// Says what of the kernel's features a request has.
async fn present(request: Request) -> Response {
    let features: &Features = request.features();
    let all = [
        ("info", features.get::<RequestInfo>().is_some()),
        ("properties", features.get::<RequestProperties>().is_some()),
        ("delegation", features.get::<RequestDelegation>().is_some()),
        ("rules", features.get::<Delegation>().is_some()),
    ];
    let names = all.into_iter().filter(|(_, there)| *there);
    let names: Vec<_> = names.map(|(name, _)| name).collect();
    Response::new(Body::from(names.join(" ")))
}

fn bind(server: HttpSysServer) -> Result<Features, Error> {
    let runtime = Runtime::new().unwrap();
    let bound = runtime.block_on(server.bind())?;
    Ok(bound.features().clone())
}

#[test]
fn what_nobody_asked_for_or_the_system_lacks_is_absent() {
    let server = Running::start(present);
    let reply = server.get("/");
    // Windows has both, Wine neither.
    assert!(
        ["", "info properties"].contains(&reply.text()),
        "{}",
        reply.text()
    );
    server.stop();
}

#[test]
fn a_system_without_delegation_says_so_and_one_that_has_it_has_its_features() {
    match bind(local().with_delegation(true)) {
        Ok(features) => {
            assert!(features.get::<Delegation>().is_some());
            let server = Running::of(local().with_delegation(true), present);
            assert!(server.get("/").text().ends_with("delegation rules"));
            server.stop();
        }
        Err(error) => {
            assert!(error.is_configuration());
            let says = "the HTTP.sys of this system has no delegation";
            assert_eq!(error.to_string(), says);
        }
    }
}

#[test]
fn a_queue_is_made_with_a_security_descriptor() {
    for sddl in ["D:(A;;GA;;;BA)(A;;GA;;;AU)", "D:P(A;;GA;;;WD)"] {
        let server = Running::of(local().with_queue_security_descriptor(sddl), present);
        assert_eq!(server.get("/").status, 200);
        server.stop();
    }
}

#[test]
fn a_security_descriptor_that_cannot_be_read_is_named() {
    for sddl in ["everybody", "D:(A;;GA;;;NOBODY)", "D:\0"] {
        let error = bind(local().with_queue_security_descriptor(sddl)).unwrap_err();
        assert!(error.is_configuration(), "{error:?}");
        let says = format!("`{}` is no security descriptor", sddl.escape_debug());
        assert!(error.to_string().starts_with(&says), "{error}");
        assert!(error.to_string().ends_with("`D:(A;;GA;;;BA)`"), "{error}");
        assert!(error.source().unwrap().is::<io::Error>());
    }
}

#[test]
fn what_a_queue_cannot_have_is_an_error_of_bind() {
    let theirs = || local().with_request_queue("theirs", RequestQueueMode::Attach);
    let cached = Authentication::new().with_kerberos_credential_caching();
    for (server, says) in [
        (
            theirs().with_queue_security_descriptor("D:(A;;GA;;;BA)"),
            "the security descriptor of the request queue `theirs`",
        ),
        (theirs().with_delegation(true), "handed to other queues"),
        (
            local().with_request_queue("a\0b", RequestQueueMode::Create),
            "no NUL: `a\\0b`",
        ),
        (
            local().with_authentication(cached.with_basic()),
            "`with_kerberos` or `with_negotiate`",
        ),
    ] {
        let error = bind(server).unwrap_err();
        assert!(error.is_configuration(), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_response_that_the_kernel_buffers_is_the_same() {
    let app = async |request: Request| match request.uri().path() {
        "/pieces" => {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", HeaderValue::from_static("1"));
            let pieces = ["one ", "two ", "three"].map(|piece| Frame::data(piece.into()));
            let frames = pieces.into_iter().chain([Frame::trailers(trailers)]);
            let frames = futures_util::stream::iter(frames.map(Ok::<_, io::Error>));
            Response::new(Body::new(StreamBody::new(frames)))
        }
        _ => Response::new(Body::from("whole")),
    };
    let server = Running::of(local().with_kernel_response_buffering(true), app);
    let mut client = server.connect();
    for _ in 0..3 {
        assert_eq!(client.ask("GET", "/", "", b"").text(), "whole");
        assert_eq!(
            client.ask("GET", "/pieces", "", b"").text(),
            "one two three"
        );
        assert_eq!(client.ask("HEAD", "/pieces", "", b"").status, 200);
    }
    server.stop();
}

#[test]
fn more_than_a_thousand_unknown_fields_are_refused_before_the_application_sees_them() {
    let called = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&called);
    let server = Running::start(move |_: Request| {
        counts.fetch_add(1, Ordering::SeqCst);
        async { Response::default() }
    });
    for (fields, status, calls) in [(1000, 200, 1), (1001, 400, 1)] {
        let fields: String = (0..fields).map(|field| format!("X{field}:\r\n")).collect();
        let reply = server.connect().ask("GET", "/", &fields, b"");
        assert_eq!(reply.status, status);
        assert_eq!(called.load(Ordering::SeqCst), calls);
    }
    server.stop();
}
