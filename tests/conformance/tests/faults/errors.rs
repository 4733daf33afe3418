//! Faults in what becomes of an application that fails.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt};
use http::StatusCode;
use transom::features::RequestLifetime;
use transom::pipeline::Next;
use transom::{Body, Request, RequestExt, Response};
use transom_conformance::Protocol;

use crate::faulty::Fault;

pub(crate) fn faults() -> Vec<Fault> {
    vec![
        Fault::new("S-ERR-PANIC", "the client is told what it says", tell),
        Fault::new(
            "S-ERR-PANIC-BODY",
            "it is the end of the body",
            |request, next| async move {
                let (head, body) = next.run(request).await.into_parts();
                let data = AssertUnwindSafe(body.into_stream()).catch_unwind();
                let sound = data.scan((), |(), piece| std::future::ready(piece.ok()));
                Response::from_parts(head, Body::from_stream(sound))
            },
        ),
        Fault::new("S-ERR-TEXT", "the client is told what it says", tell).on(Protocol::Http1),
        Fault::new(
            "S-ERR-READY",
            "the application is polled once",
            |request, next| {
                let answer = next.run(request).now_or_never();
                let answer = answer.unwrap_or_else(|| answer_with(StatusCode::SERVICE_UNAVAILABLE));
                std::future::ready(answer)
            },
        ),
        Fault::new(
            "S-ERR-READY-FAILS",
            "every answer is good",
            |request, next| async move {
                let mut response = next.run(request).await;
                *response.status_mut() = StatusCode::OK;
                response
            },
        ),
        Fault::new(
            "S-ERR-LIMIT",
            "the limit is not heeded",
            |request, next| async move {
                let (head, body) = request.into_parts();
                let data = body.collect(1 << 20).await.unwrap();
                next.run(Request::from_parts(head, Body::from(data))).await
            },
        ),
        Fault::new("S-ERR-ABORT", "nobody listens", forget_abort),
        Fault::new("S-ERR-ABORT-BODY", "nobody listens", forget_abort),
    ]
}

fn answer_with(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

async fn tell(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let mut response = answer_with(StatusCode::INTERNAL_SERVER_ERROR);
            *response.body_mut() = Body::from(said(&*panic));
            response
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    panic.downcast_ref::<&str>().unwrap().to_string()
}

async fn forget_abort(mut request: Request, next: Next) -> Response {
    request.features_mut().insert(RequestLifetime::new());
    next.run(request).await
}
