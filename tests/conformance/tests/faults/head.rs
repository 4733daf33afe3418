//! Faults in the head of a request.

use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Uri};
use transom::pipeline::Next;
use transom::{Body, Request, Response};

use crate::faulty::Fault;

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
            "S-REQ-HDR-MULTI",
            "fields of one name are joined",
            |mut request, next| {
                let values = request.headers().get_all("x-multi").iter();
                let all: Vec<_> = values.map(|value| value.to_str().unwrap()).collect();
                let joined = HeaderValue::from_str(&all.join(", ")).unwrap();
                request.headers_mut().insert("x-multi", joined);
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
            "S-BODY-CL",
            "the body loses its last byte",
            |request, next| async move {
                let (head, body) = request.into_parts();
                let body = body.collect(1 << 20).await.unwrap();
                let short = body.slice(..body.len() - 1);
                next.run(Request::from_parts(head, Body::from(short))).await
            },
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
