//! How the body flows: piece by piece, at the speed of its reader.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt;
use transom::adapter::body_pump;
use transom::features::MaxRequestBodySize;
use transom::{App, Body, Request, RequestExt, Response};

use crate::memory::Growth;
use crate::{Capability, Case, Failure, Notes, Outcome, Run, ensure, same, within_for};

/// A piece of the bodies here: a pattern whose period is no power of two, so that a lost or repeated
/// buffer shows, as often as it fits.
static CHUNK: LazyLock<Bytes> = LazyLock::new(|| (0..=250).cycle().take(251 * 256).collect());

/// How much of a body may be under way between the client and the application: what sockets, their
/// buffers and the windows of HTTP/2 hold.
const UNDER_WAY: u64 = 24 * 1024 * 1024;

/// After how many bytes the application looks at its memory.
const LOOK: usize = 1024 * 1024;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-BODY-INCR",
            "The application reads the first part of a body before the client sends the last.",
            incremental,
        )
        .with_app(|notes| App::new(move |request| echo_parts(request, notes.clone())))
        .needs(&[Capability::RequestStreaming]),
        Case::new(
            "S-BODY-DUPLEX",
            "Both bodies flow at the same time: each part comes back before the client sends the next.",
            duplex,
        )
        .with_app(|_| App::new(|request: Request| async { Response::new(request.into_body()) }))
        .needs(&[
            Capability::RequestStreaming,
            Capability::ResponseStreaming,
            Capability::FullDuplex,
        ]),
        Case::new(
            "S-BODY-BIG",
            "A body of 64 MiB passes through, and the server never holds more than a part of it.",
            big,
        )
        .with_app(|notes| App::new(move |request| drain(request, notes.clone())))
        .needs(&[Capability::RequestStreaming])
        .alone(),
        Case::new(
            "S-BODY-BACKPRESSURE",
            "A body that nobody reads stops its sender, and flows on when it is read.",
            back_pressure,
        )
        .with_app(|notes| App::new(move |request| drain_later(request, notes.clone())))
        .needs(&[Capability::RequestStreaming, Capability::BackpressureIn]),
    ]
}

async fn echo_parts(request: Request, notes: Notes) -> Response {
    let mut body = request.into_body();
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(data) = frame.data_ref() {
            notes.say(String::from_utf8_lossy(data));
        }
    }
    Response::new(Body::empty())
}

async fn incremental(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let (mut sender, body) = body_pump(None);
    let request = run.post_streamed("/", 11).body(body)?;
    let answer = tokio::spawn(async move { connection.send(request).await });
    for part in ["one", "two", "three"] {
        sender.data(part).await?;
        run.notes().wait(part).await?;
    }
    sender.finish();
    same("the status", answer.await??.status(), 200)
}

async fn duplex(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let (mut sender, body) = body_pump(None);
    sender.data("one").await?;
    let request = run.post_streamed("/", 11).body(body)?;
    let mut reply = connection.send(request).await?;
    same("the status", reply.status(), 200)?;
    for (part, next) in [
        ("one", Some("two")),
        ("two", Some("three")),
        ("three", None),
    ] {
        same(
            "what comes back",
            reply.data().await?.as_deref(),
            Some(part.as_bytes()),
        )?;
        match next {
            Some(next) => sender.data(next).await?,
            None => break,
        }
    }
    sender.finish();
    let (rest, _) = reply.finish().await?;
    same("what comes behind the last part", rest, Bytes::new())
}

/// Reads and checks everything.
async fn drain(request: Request, notes: Notes) -> Response {
    if let Some(limit) = request.feature::<MaxRequestBodySize>() {
        let _ = limit.set(None);
    }
    let mut body = request.into_body();
    let (mut at, mut looked) = (0_usize, 0);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            notes.say("broken off");
            break;
        };
        let data = frame.into_data().unwrap_or_default();
        for part in data.chunks(CHUNK.len() / 2) {
            let from = at % 251;
            if CHUNK[from..from + part.len()] != *part {
                notes.say("changed");
            }
            at += part.len();
        }
        notes.add("read", data.len());
        if at >= looked + LOOK {
            Growth::look(&notes);
            looked = at;
        }
    }
    Response::new(Body::empty())
}

async fn drain_later(request: Request, notes: Notes) -> Response {
    notes.say("called");
    let _ = notes.wait("go").await;
    drain(request, notes).await
}

async fn big(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let (body, size, made) = produced(64 * 1024 * 1024);
    let notes = run.notes().clone();
    let request = run.post_streamed("/", size).body(body)?;
    let growth = Growth::begin()?;
    let mut most = 0;
    let watching = async {
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        loop {
            tick.tick().await;
            // Read in this order, so that the difference is never too large.
            let read = notes.sum("read");
            most = most.max(made.load(Ordering::Acquire).saturating_sub(read));
        }
    };
    let reply = tokio::select! {
        reply = within_for(Duration::from_secs(15), "a response", connection.send_patiently(request)) => reply??,
        () = watching => return Err(Failure::new("never ends")),
    };
    same("the status", reply.status(), 200)?;
    same("the number of bytes read", run.notes().sum("read"), size)?;
    same("what is wrong with them", run.notes().words(), [""; 0])?;
    ensure(
        most <= UNDER_WAY,
        format!("{most} bytes of the body were under way at one time"),
    )?;
    growth.within_bounds(run.notes())
}

async fn back_pressure(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let (body, size, made) = produced(48 * 1024 * 1024);
    let request = run.post_streamed("/", size).body(body)?;
    let answer = tokio::spawn(async move { connection.send_patiently(request).await });
    run.notes().wait("called").await?;
    let stopped = stops(&made).await?;
    ensure(
        stopped <= UNDER_WAY,
        format!("the client sent {stopped} bytes, and nobody read"),
    )?;
    run.notes().say("go");
    let reply = within_for(Duration::from_secs(15), "a response", answer).await???;
    same("the status", reply.status(), 200)?;
    same("the number of bytes read", run.notes().sum("read"), size)
}

/// Waits until a count no longer grows, and returns it.
async fn stops(count: &AtomicU64) -> Outcome<u64> {
    let steady = async {
        let (mut last, mut still) = (0, 0);
        while still < 8 {
            tokio::time::sleep(Duration::from_millis(25)).await;
            let now = count.load(Ordering::Acquire);
            still = if now == last { still + 1 } else { 0 };
            last = now;
        }
        last
    };
    within_for(Duration::from_secs(5), "a stop of the sender", steady).await
}

/// Returns a body of about that size, made as it is asked for, how long it is, and how much of it has
/// been made.
fn produced(size: usize) -> (Body, u64, Arc<AtomicU64>) {
    let made = Arc::new(AtomicU64::new(0));
    let (count, chunks) = (Arc::clone(&made), size / CHUNK.len());
    let length = CHUNK.len() as u64;
    let stream = (0..chunks).map(move |_| {
        count.fetch_add(length, Ordering::Release);
        Ok::<_, std::io::Error>(CHUNK.clone())
    });
    let body = Body::from_stream(stream::iter(stream));
    (body, length * chunks as u64, made)
}
