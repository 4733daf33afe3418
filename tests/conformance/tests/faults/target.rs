//! Faults in the method and the target.

use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Uri};
use transom::features::{OriginalTarget, PathBase};
use transom::pipeline::Next;
use transom::{Request, RequestExt, Response};
use transom_conformance::Protocol;

use crate::faulty::Fault;
use crate::garbled::{replace, requests};

pub(crate) fn faults() -> Vec<Fault> {
    vec![
        Fault::new("S-REQ-METHOD", "methods become GET", |mut request, next| {
            *request.method_mut() = Method::GET;
            next.run(request)
        }),
        Fault::new(
            "S-REQ-METHOD-CUSTOM",
            "methods are upper-cased",
            |mut request, next| {
                let upper = request.method().as_str().to_ascii_uppercase();
                *request.method_mut() = Method::from_bytes(upper.as_bytes()).unwrap();
                next.run(request)
            },
        ),
        Fault::new("S-REQ-PATH-RAW", "the path is decoded", |request, next| {
            rewrite(request, next, |target| target.replace("%41", "A"))
        }),
        Fault::new(
            "S-REQ-PATH-DOUBLE",
            "the path is decoded once",
            |request, next| rewrite(request, next, |target| target.replace("%25", "%")),
        ),
        Fault::new(
            "S-REQ-PATH-SLASHES",
            "slashes are merged",
            |request, next| rewrite(request, next, |target| target.replace("//", "/")),
        ),
        Fault::new(
            "S-REQ-PATH-DOTS",
            "dot segments are resolved",
            |request, next| rewrite(request, next, |target| target.replace("/./", "/")),
        ),
        Fault::new(
            "S-REQ-QUERY",
            "an empty query is dropped",
            |request, next| {
                rewrite(request, next, |target| {
                    target.trim_end_matches('?').to_owned()
                })
            },
        ),
        Fault::new(
            "S-REQ-TARGET",
            "the target is kept decoded",
            |mut request, next| {
                let decoded = Uri::from_static("/a/b/d?e=%20&f");
                request.features_mut().insert(OriginalTarget::new(decoded));
                next.run(request)
            },
        ),
        Fault::new(
            "S-REQ-BASE",
            "the first segment is a path base",
            |mut request, next| {
                request
                    .features_mut()
                    .insert(PathBase::new("/base").unwrap());
                rewrite(request, next, |target| target.replace("/base", ""))
            },
        ),
        Fault::new(
            "S-REQ-FORM-ASTERISK",
            "`*` becomes `/`",
            |mut request, next| {
                *request.uri_mut() = Uri::from_static("/");
                next.run(request)
            },
        ),
        Fault::new(
            "S-REQ-FORM-AUTHORITY",
            "the authority is lost",
            |mut request, next| {
                *request.uri_mut() = Uri::from_static("/");
                next.run(request)
            },
        ),
        Fault::new(
            "S-REQ-FORM-ABSOLUTE",
            "`Host` counts more than the target",
            |mut request, next| {
                let host = HeaderValue::from_static("conformance.test");
                request.headers_mut().insert("host", host);
                next.run(request)
            },
        )
        .on(Protocol::Http1),
        Fault::server(
            "S-REQ-FRAGMENT",
            "the fragment becomes a part of the query",
            || requests(|bytes, _| replace(bytes, "b#c ", "b%23c ")),
        ),
    ]
}

async fn rewrite(mut request: Request, next: Next, f: fn(&str) -> String) -> Response {
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", PathAndQuery::as_str);
    *request.uri_mut() = Uri::try_from(f(target)).unwrap();
    next.run(request).await
}
