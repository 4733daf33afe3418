//! S-ERR: what becomes of an application that fails.

use std::convert::Infallible;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use transom::features::{MaxRequestBodySize, RequestLifetime};
use transom::{
    App, Application as _, ApplicationBuilder, Body, Request, RequestExt, Response, body,
};

use super::settled;
use crate::{Capability, Case, Connection, Failure, Notes, Outcome, Run, ensure, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-ERR-PANIC",
            "A panic of the application is a 500 without content, and costs at most its connection.",
            panics,
        )
        .with_app(|_| App::new(answer)),
        Case::new(
            "S-ERR-PANIC-BODY",
            "A panic in a body breaks it off, and costs at most its connection.",
            panics_in_body,
        )
        .with_app(|_| App::new(answer)),
        Case::wire(
            "S-ERR-TEXT",
            "What an error or a panic says is never sent to the client.",
            text_is_kept,
        )
        .with_app(|_| App::new(answer)),
        Case::new(
            "S-ERR-READY",
            "A request waits for a service that is not ready yet, and is then answered.",
            waits_for_ready,
        )
        .with_app(|notes| ApplicationBuilder::new().run(Later(notes))),
        Case::new(
            "S-ERR-READY-FAILS",
            "A service that will never be ready is a 500, and what it says is not sent.",
            never_ready,
        )
        .with_app(|_| ApplicationBuilder::new().run(Fails::Ready)),
        Case::new(
            "S-ERR-LIMIT",
            "A body that is longer than its limit is answered 413, announced or not, if the application lets \
             the error through.",
            limit,
        )
        .with_app(|_| ApplicationBuilder::new().run_fn(limited)),
        Case::new(
            "S-ERR-ABORT",
            "An application that aborts a request hangs up on its client; other requests do not notice.",
            aborts,
        )
        .with_app(|_| App::new(answer))
        .needs(&[Capability::Abort]),
        Case::new(
            "S-ERR-ABORT-BODY",
            "An application that aborts in the middle of a body breaks it off.",
            aborts_in_body,
        )
        .with_app(|_| App::new(answer))
        .needs(&[Capability::Abort]),
    ]
}

/// What no client may ever read.
const SECRET: &str = "the-password-is-swordfish";

async fn answer(request: Request) -> Response {
    let lifetime = request.feature::<RequestLifetime>().cloned();
    match request.uri().path() {
        "/panic" => panic_quietly(),
        "/panic-in-body" => broken_body(panic_quietly),
        "/fail-in-body" => broken_body(|| Err(io::Error::other(SECRET))),
        "/fail" => {
            let app = ApplicationBuilder::new().run(Fails::Call);
            app.call(request).await
        }
        "/abort" => {
            if let Some(lifetime) = lifetime {
                lifetime.abort();
            }
            std::future::pending().await
        }
        "/abort-and-answer" => {
            if let Some(lifetime) = lifetime {
                lifetime.abort();
            }
            Response::new(Body::from("too late"))
        }
        "/abort-in-body" => {
            let frames = stream::unfold((lifetime, 0), |(lifetime, at)| async move {
                match (at, &lifetime) {
                    (0, _) => {}
                    (1, Some(lifetime)) => {
                        // Gives the first part the time to be sent.
                        tokio::task::yield_now().await;
                        lifetime.abort();
                    }
                    _ => std::future::pending().await,
                }
                Some((
                    Ok::<_, Infallible>(Bytes::from_static(b"part ")),
                    (lifetime, at + 1),
                ))
            });
            Response::new(Body::from_stream(frames))
        }
        // Is answered after the others have failed.
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Response::new(Body::from("after"))
        }
        _ => Response::new(Body::from("after")),
    }
}

/// Panics without the message that a panic leaves in the output of a test.
fn panic_quietly<T>() -> T {
    std::panic::resume_unwind(Box::new(SECRET))
}

/// Answers with a body whose second part does not come.
fn broken_body(second: fn() -> io::Result<Bytes>) -> Response {
    let frames = stream::unfold(0, move |at| async move {
        match at {
            0 => Some((Ok(Bytes::from_static(b"part ")), 1)),
            1 => {
                tokio::task::yield_now().await;
                Some((second(), 2))
            }
            _ => None,
        }
    });
    Response::new(Body::from_stream(frames))
}

/// Sends a request, with another beside it on the same connection where the protocol can, and one after
/// it; fails unless those are answered.
async fn send_among_others(
    run: &Run,
    target: &str,
) -> Outcome<Outcome<(StatusCode, Outcome<Bytes>)>> {
    let mut connection = run.connect().await?;
    let beside = match connection.share() {
        Ok(shared) => shared,
        Err(_) => run.connect().await?,
    };
    let slow = tokio::spawn(expect_after(run.clone(), beside, "/slow"));
    let request = run.get(target).body(Body::empty())?;
    let reply = match settled("an answer", connection.send(request)).await? {
        Ok(reply) => {
            let status = reply.status();
            let body = settled("the end of the body", reply.finish()).await?;
            Ok((status, body.map(|(data, _)| data)))
        }
        Err(failure) => Err(failure),
    };
    let slow = slow.await?;
    slow.map_err(|failure| failure.at("the request beside it"))?;
    let after = expect_after(run.clone(), run.connect().await?, "/after").await;
    after.map_err(|failure| failure.at("the request after it"))?;
    Ok(reply)
}

async fn expect_after(run: Run, mut connection: Connection, target: &'static str) -> Outcome {
    let reply = connection
        .send(run.get(target).body(Body::empty())?)
        .await?;
    same("the body", reply.text().await?, "after")
}

async fn panics(run: Run) -> Outcome {
    for _ in 0..3 {
        let (status, content) = send_among_others(&run, "/panic").await??;
        same("the status", status, 500)?;
        same("the content", content?, "")?;
    }
    Ok(())
}

async fn panics_in_body(run: Run) -> Outcome {
    is_broken_off(&run, "/panic-in-body").await
}

async fn is_broken_off(run: &Run, target: &str) -> Outcome {
    // A server may break off before it has sent the head.
    if let Ok((status, content)) = send_among_others(run, target).await? {
        ensure(
            content.is_err() || status == StatusCode::INTERNAL_SERVER_ERROR,
            format!("the body is complete for the client: {content:?}"),
        )?;
    }
    Ok(())
}

async fn text_is_kept(run: Run) -> Outcome {
    for target in ["/fail", "/panic", "/fail-in-body", "/panic-in-body"] {
        let mut wire = run.wire().await?;
        let head = run.head("GET", target);
        wire.send(format!("{head}Connection: close\r\n\r\n"))
            .await?;
        let sent = wire.read_to_close().await?;
        let sent = String::from_utf8_lossy(&sent);
        ensure(
            sent.starts_with("HTTP/1."),
            format!("{target} is not answered"),
        )?;
        ensure(
            !sent.contains(SECRET),
            format!("{target} tells the client {sent:?}"),
        )?;
    }
    Ok(())
}

/// A service that is ready a while after it is asked.
#[derive(Clone)]
struct Later(Notes);

impl tower_service::Service<Request> for Later {
    type Response = Response;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.0.count("ready") > 0 {
            return Poll::Ready(Ok(()));
        }
        if self.0.count("asked") == 0 {
            let (notes, waker) = (self.0.clone(), cx.waker().clone());
            self.0.say("asked");
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                notes.say("ready");
                waker.wake();
            });
        }
        Poll::Pending
    }

    fn call(&mut self, _: Request) -> Self::Future {
        let ready = self.0.count("ready") > 0;
        std::future::ready(Ok(Response::new(Body::from(match ready {
            true => "was ready",
            false => "was not ready",
        }))))
    }
}

async fn waits_for_ready(run: Run) -> Outcome {
    let request = run.get("/").body(Body::empty())?;
    let mut connection = run.connect().await?;
    let reply = connection.send(request).await?;
    same("the status", reply.status(), 200)?;
    same("the body", reply.text().await?, "was ready")
}

/// A service that fails, when it is called or before.
#[derive(Clone, Copy)]
enum Fails {
    Ready,
    Call,
}

impl tower_service::Service<Request> for Fails {
    type Response = Response;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self {
            Self::Ready => Err(io::Error::other(SECRET)),
            Self::Call => Ok(()),
        })
    }

    fn call(&mut self, _: Request) -> Self::Future {
        std::future::ready(match self {
            Self::Ready => Ok(Response::new(Body::from("called, and was not ready"))),
            Self::Call => Err(io::Error::other(SECRET)),
        })
    }
}

async fn never_ready(run: Run) -> Outcome {
    let request = run.get("/").body(Body::empty())?;
    let mut connection = run.connect().await?;
    let reply = connection.send(request).await?;
    same("the status", reply.status(), 500)?;
    same("the content", reply.text().await?, "")
}

/// The limit of [`limited`] in bytes.
const LIMIT: usize = 1000;

/// Returns the length of the body, or lets its error through.
async fn limited(request: Request) -> Result<String, body::Error> {
    if let Some(limit) = request.feature::<MaxRequestBodySize>() {
        let _ = limit.set(Some(LIMIT as u64));
    }
    let data = request.into_body().collect(usize::MAX).await?;
    Ok(data.len().to_string())
}

async fn limit(run: Run) -> Outcome {
    for (length, status) in [(LIMIT, 200), (LIMIT + 1, 413), (LIMIT * 4, 413)] {
        let announced = Body::from(vec![b'x'; length]);
        let pieces = (0..length).step_by(100).map(move |at| {
            let piece = vec![b'x'; (length - at).min(100)];
            Ok::<_, Infallible>(Bytes::from(piece))
        });
        let streamed = Body::from_stream(stream::iter(pieces));
        for (how, body) in [("announced", announced), ("streamed", streamed)] {
            let mut connection = run.connect().await?;
            let reply = connection.send(run.post("/").body(body)?).await;
            let place = format!("{length} bytes, {how}");
            let reply = reply.map_err(|failure| failure.at(&place))?;
            same(
                &format!("the status of {place}"),
                reply.status().as_u16(),
                status,
            )?;
            if status == 200 {
                same("the body", reply.text().await?, length.to_string())?;
            }
        }
    }
    let request = run.post("/").body(Body::from("hello"))?;
    let mut connection = run.connect().await?;
    let reply = connection.send(request).await?;
    same("the next body", reply.text().await?, "5")
}

async fn aborts(run: Run) -> Outcome {
    for target in ["/abort", "/abort-and-answer"] {
        if let Ok((status, _)) = send_among_others(&run, target).await? {
            let what = format!("{target} is answered {status}");
            return Err(Failure::new(what));
        }
    }
    Ok(())
}

async fn aborts_in_body(run: Run) -> Outcome {
    is_broken_off(&run, "/abort-in-body").await
}
