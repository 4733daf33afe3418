//! Faults in what an application hears of its client, and in where and when it runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use http::StatusCode;
use transom::features::RequestLifetime;
use transom::pipeline::Next;
use transom::{Body, BoxServer, HyperServer, Request, RequestExt, Response, Server};
use transom_conformance::Protocol;

use crate::faulty::{Fault, wrapped};

pub(crate) fn faults() -> Vec<Fault> {
    let deaf = |case| Fault::new(case, "nobody is told that the client is gone", deaf);
    let detached = |case| Fault::new(case, "the application runs on a task of its own", detached);
    vec![
        deaf("S-CANCEL-H1").on(Protocol::Http1),
        deaf("S-CANCEL-H2"),
        deaf("S-CANCEL-H2").on(Protocol::Http2),
        Fault::new("S-CANCEL-H2", "one reset cancels all", cancels_all).on(Protocol::Http2),
        deaf("S-CANCEL-BODY"),
        deaf("S-CANCEL-BODY").on(Protocol::Http1),
        deaf("S-CANCEL-BODY").on(Protocol::Http2),
        detached("S-CANCEL-DROP"),
        detached("S-CANCEL-DROP").on(Protocol::Http1),
        detached("S-CANCEL-DROP").on(Protocol::Http2),
        Fault::new(
            "S-CANCEL-DONE",
            "the end of the connection is the end of its requests",
            |request, next| async move {
                let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
                let response = next.run(request).await;
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    lifetime.disconnect();
                });
                response
            },
        ),
        Fault::server(
            "S-CANCEL-HALF-CLOSE",
            "the end of the input is the end of the connection",
            || {
                let server = HyperServer::new("http://127.0.0.1:0");
                server.with_half_close(false).boxed()
            },
        ),
        Fault::new(
            "S-CONC-KEEPALIVE",
            "a connection carries 50 requests",
            |request, next| async move {
                static REQUESTS: AtomicUsize = AtomicUsize::new(1);
                if REQUESTS.fetch_add(1, Ordering::Relaxed).is_multiple_of(50) {
                    request.feature::<RequestLifetime>().unwrap().abort();
                }
                next.run(request).await
            },
        ),
        Fault::new(
            "S-CONC-PIPELINE",
            "answers are those of the request before",
            |request, next| async move {
                static LAST: Mutex<Option<Response>> = Mutex::new(None);
                let response = next.run(request).await;
                let last = LAST.lock().unwrap().replace(response);
                last.unwrap_or_else(|| Response::new(Body::empty()))
            },
        )
        .on(Protocol::Http1),
        Fault::new(
            "S-CONC-CONNECTIONS",
            "one request is answered at a time",
            |request, next| async move {
                static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
                let _turn = TURN.lock().await;
                next.run(request).await
            },
        ),
        Fault::new(
            "S-CONC-H2",
            "one request is answered at a time",
            |request, next| async move {
                static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
                let _turn = TURN.lock().await;
                next.run(request).await
            },
        )
        .on(Protocol::Http2),
        Fault::new("S-SEND", "wakes are lost", |request, next| async move {
            let mut answer = std::pin::pin!(next.run(request));
            let nobody = Waker::noop();
            std::future::poll_fn(|_| answer.as_mut().poll(&mut Context::from_waker(nobody))).await
        }),
        Fault::new(
            "S-RUNTIME",
            "the application runs without a clock",
            |request, next| async move {
                let elsewhere = tokio::task::spawn_blocking(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread().build();
                    runtime.unwrap().block_on(next.run(request))
                });
                elsewhere.await.unwrap_or_else(|_| {
                    let mut response = Response::new(Body::empty());
                    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                    response
                })
            },
        ),
        Fault::server("S-BLOCK", "one thread runs all requests", || {
            HyperServer::new("http://127.0.0.1:0").boxed()
        })
        .on(None)
        .beside(threaded),
    ]
}

fn deaf(mut request: Request, next: Next) -> impl Future<Output = Response> {
    request.features_mut().insert(RequestLifetime::new());
    next.run(request)
}

async fn detached(request: Request, next: Next) -> Response {
    tokio::spawn(next.run(request)).await.unwrap()
}

async fn cancels_all(request: Request, next: Next) -> Response {
    static ALL: Mutex<Vec<RequestLifetime>> = Mutex::new(Vec::new());
    let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
    ALL.lock().unwrap().push(lifetime.clone());
    tokio::spawn(async move {
        lifetime.disconnected().await;
        for other in &*ALL.lock().unwrap_or_else(PoisonError::into_inner) {
            other.disconnect();
        }
    });
    next.run(request).await
}

/// A server that runs each request on a thread of its own.
fn threaded() -> BoxServer {
    let server = HyperServer::new("http://127.0.0.1:0").boxed();
    wrapped(server, |request, next| async move {
        let runtime = tokio::runtime::Handle::current();
        let thread = tokio::task::spawn_blocking(move || runtime.block_on(next.run(request)));
        thread.await.unwrap()
    })
}
