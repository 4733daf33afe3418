//! Faults in the body of a request.

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use http_body_util::BodyExt;
use tokio::sync::mpsc;
use transom::body::Error;
use transom::features::{MaxRequestBodySize, RequestLifetime};
use transom::pipeline::Next;
use transom::{Body, Request, RequestExt, Response};
use transom_conformance::Protocol;

use crate::careless::{careless, leaving};
use crate::faulty::Fault;

pub(crate) fn faults() -> Vec<Fault> {
    vec![
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
        over_h1(Fault::new(
            "S-BODY-CHUNKED",
            "the last chunk is taken for data",
            |request, next| {
                with_data(request, next, |data| {
                    data.chain(stream::iter([Ok("0\r\n\r\n".into())]))
                })
            },
        )),
        Fault::new(
            "S-BODY-EMPTY",
            "an empty body does not say so",
            |request, next| with_data(request, next, |data| data),
        ),
        Fault::new(
            "S-BODY-TRAILERS",
            "trailers are dropped",
            |request, next| with_data(request, next, |data| data),
        ),
        ends_well("S-BODY-TRUNC"),
        over_h1(ends_well("S-BODY-TRUNC-CL")),
        over_h1(ends_well("S-BODY-TRUNC-CHUNKED")),
        Fault::new("S-BODY-INCR", "bodies are gathered first", gathered),
        Fault::new("S-BODY-DUPLEX", "bodies are gathered first", gathered),
        Fault::new("S-BODY-BIG", "bodies are gathered first", gathered),
        Fault::new(
            "S-BODY-BIG",
            "what was read of a body is kept",
            |request, next| {
                let mut kept = Vec::new();
                with_data(request, next, move |data| {
                    data.inspect_ok(move |data| kept.push(data.to_vec()))
                })
            },
        ),
        Fault::new("S-BODY-BACKPRESSURE", "bodies are read ahead", read_ahead),
        Fault::new("S-BODY-LIMIT", "the limit is not heeded", forget_limit),
        Fault::new(
            "S-BODY-LIMIT-STREAMED",
            "the limit is not heeded",
            forget_limit,
        ),
        Fault::new(
            "S-BODY-LIMIT-LATE",
            "the limit is never frozen",
            forget_limit,
        ),
        over_h1(Fault::new(
            "S-BODY-LIMIT-DEFAULT",
            "there is no limit",
            |request, next| {
                unlimit(&request);
                next.run(request)
            },
        )),
        Fault::server("S-BODY-UNREAD", "an unread body stays where it is", leaving),
        Fault::new(
            "S-BODY-DROP",
            "a dropped body ends the request",
            |request, next| {
                let guard = AbortOnDrop(request.feature::<RequestLifetime>().unwrap().clone());
                with_data(request, next, move |data| {
                    data.map(move |chunk| {
                        let _held = &guard;
                        chunk
                    })
                })
            },
        ),
        Fault::server("S-BODY-100", "`100 Continue` is never sent", careless),
        over_h1(Fault::new(
            "S-BODY-100-LAZY",
            "bodies are read ahead",
            read_ahead,
        )),
        over_h1(Fault::new(
            "S-BODY-100-NEVER",
            "bodies are read ahead",
            |mut request, next| async {
                // Once is enough to have it sent, which takes the connection a moment.
                let _ = request.body_mut().frame().now_or_never();
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                next.run(request).await
            },
        )),
    ]
}

fn over_h1(fault: Fault) -> Fault {
    fault.on(Protocol::Http1)
}

fn ends_well(case: &'static str) -> Fault {
    Fault::new(case, "a broken body just ends", |request, next| {
        with_data(request, next, |data| {
            data.take_while(|chunk| std::future::ready(chunk.is_ok()))
        })
    })
}

/// Calls the application with the body made a stream of its data, and that changed.
fn with_data<S>(
    request: Request,
    next: Next,
    change: impl FnOnce(transom::body::BodyStream) -> S,
) -> impl Future<Output = Response> + Send + 'static
where
    S: Stream<Item = Result<Bytes, Error>> + Send + 'static,
{
    let (head, body) = request.into_parts();
    let body = Body::from_stream(change(body.into_stream()));
    async move { next.run(Request::from_parts(head, body)).await }
}

async fn gathered(request: Request, next: Next) -> Response {
    unlimit(&request);
    let (head, body) = request.into_parts();
    let body = body.collect(1 << 30).await.unwrap_or_default();
    next.run(Request::from_parts(head, Body::from(body))).await
}

async fn read_ahead(request: Request, next: Next) -> Response {
    unlimit(&request);
    let (head, body) = request.into_parts();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut data = body.into_stream();
        while let Some(chunk) = data.next().await {
            let _ = sender.send(chunk);
        }
    });
    let receiver = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    let body = Body::from_stream(receiver);
    next.run(Request::from_parts(head, body)).await
}

async fn forget_limit(mut request: Request, next: Next) -> Response {
    request.features_mut().insert(MaxRequestBodySize::new(None));
    next.run(request).await
}

fn unlimit(request: &Request) {
    let limit = request.feature::<MaxRequestBodySize>();
    limit.unwrap().set(None).unwrap();
}

struct AbortOnDrop(RequestLifetime);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
