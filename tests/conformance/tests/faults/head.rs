//! Faults in the fields, the version and the scheme of a request.

use http::{HeaderValue, Request, Version};
use transom::features::Scheme;
use transom::{Body, RequestExt};
use transom_conformance::Protocol;

use crate::faulty::Fault;
use crate::garbled::{replace, requests};

pub(crate) fn faults() -> Vec<Fault> {
    vec![
        Fault::new(
            "S-REQ-HOST",
            "the port of `Host` is dropped",
            |mut request, next| {
                set(&mut request, "host", b"one.test");
                next.run(request)
            },
        ),
        Fault::new(
            "S-REQ-PSEUDO",
            "a pseudo-header becomes a field",
            |mut request, next| {
                set(&mut request, "authority", b"conformance.test");
                next.run(request)
            },
        ),
        Fault::new(
            "S-REQ-HDR-MULTI",
            "fields of one name are joined",
            |mut request, next| {
                set(&mut request, "x-multi", b"1, 2, 3, 1");
                next.run(request)
            },
        ),
        Fault::new(
            "S-REQ-HDR-COOKIE",
            "cookies stay split",
            |mut request, next| {
                set(&mut request, "cookie", b"a=1");
                let rest = HeaderValue::from_static("b=2; c=3");
                request.headers_mut().append("cookie", rest);
                next.run(request)
            },
        )
        .on(Protocol::Http2),
        Fault::new(
            "S-REQ-HDR-BYTES",
            "values become UTF-8",
            |mut request, next| {
                let value = request.headers()["x-bytes"].as_bytes().to_vec();
                let value = String::from_utf8_lossy(&value).into_owned();
                set(&mut request, "x-bytes", value.as_bytes());
                next.run(request)
            },
        ),
        Fault::new(
            "S-REQ-HDR-BIG",
            "values are cut at 4 KiB",
            |mut request, next| {
                let value = request.headers()["x-big"].as_bytes()[..4096].to_vec();
                set(&mut request, "x-big", &value);
                next.run(request)
            },
        ),
        Fault::new(
            "S-REQ-HDR-EMPTY",
            "empty fields are dropped",
            |mut request, next| {
                request.headers_mut().remove("x-empty");
                next.run(request)
            },
        ),
        Fault::new(
            "S-REQ-HDR-UNDERSCORE",
            "`_` becomes `-`",
            |mut request, next| {
                if let Some(value) = request.headers_mut().remove("x_a_b") {
                    request.headers_mut().append("x-a-b", value);
                }
                next.run(request)
            },
        ),
        Fault::server(
            "S-REQ-HDR-CASE",
            "a length in capitals is not known",
            || requests(|bytes, _| replace(bytes, "CONTENT-LENGTH", "X-LENGTH")),
        ),
        Fault::new(
            "S-REQ-HBH",
            "what `Connection` lists is dropped",
            |mut request, next| {
                request.headers_mut().remove("x-hop");
                next.run(request)
            },
        )
        .on(Protocol::Http1),
        Fault::new(
            "S-REQ-VERSION",
            "every version is HTTP/1.0",
            |mut request, next| {
                *request.version_mut() = Version::HTTP_10;
                next.run(request)
            },
        )
        .on(Protocol::Http1),
        Fault::new(
            "S-REQ-VERSION-10",
            "every version is HTTP/1.1",
            |mut request, next| {
                *request.version_mut() = Version::HTTP_11;
                next.run(request)
            },
        )
        .on(Protocol::Http1),
        Fault::new(
            "S-REQ-SCHEME",
            "every scheme is https",
            |mut request, next| {
                request.features_mut().insert(Scheme::Https);
                next.run(request)
            },
        ),
        Fault::new("S-REQ-CL", "a length is made up", |mut request, next| {
            set(&mut request, "content-length", b"5");
            next.run(request)
        }),
    ]
}

fn set(request: &mut Request<Body>, name: &'static str, value: &[u8]) {
    let value = HeaderValue::from_bytes(value).unwrap();
    request.headers_mut().insert(name, value);
}
