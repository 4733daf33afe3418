//! S-T: how long a client may take.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use transom::features::Upgrade;
use transom::{App, Body, Request, RequestExt, Response};

use super::held::{SOON, held, status, text};
use crate::{
    Capability, Case, Edge, Failure, Notes, Outcome, Run, Wire, ensure, same, within, within_for,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        at_the_edge(
            "S-T-SILENT",
            "A connection on which nothing is said is closed when a head is due, without a word.",
            silent,
        ),
        at_the_edge(
            "S-T-408",
            "Half a head is answered 408 when a head is due, on a new connection and on a used one, and the \
             connection is closed.",
            half_a_head,
        ),
        at_the_edge(
            "S-T-DRIBBLE",
            "No byte of a head moves the time at which all of it is due.",
            dribble,
        ),
        at_the_edge(
            "S-T-IDLE",
            "A connection that is idle for too long is closed without a word; one whose request is worked on is \
             not idle.",
            idle,
        )
        .needs(&[Capability::KeepAlive]),
        at_the_edge(
            "S-T-BODYRATE",
            "A body that comes too slowly, though not silent, is an error that is answered 408, and the \
             connection is closed.",
            body_rate,
        )
        .needs(&[Capability::RequestStreaming]),
        at_the_edge(
            "S-T-BODYRATE-FAIR",
            "A body that comes fast enough is read to its end; time counts only while the application asks for \
             it.",
            fair_body_rate,
        )
        .needs(&[Capability::RequestStreaming]),
        at_the_edge(
            "S-T-WRITERATE",
            "A client that reads too slowly is broken off.",
            write_rate,
        )
        .needs(&[Capability::BackpressureOut, Capability::Cancel]),
        at_the_edge(
            "S-T-UPGRADE",
            "No time limit holds on an upgraded connection.",
            upgraded,
        )
        .needs(&[Capability::UpgradeAny]),
        at_the_edge(
            "S-T-AGE",
            "A connection that is old enough is closed when it is idle; a request in flight is answered first, \
             and the answer says so.",
            age,
        )
        .needs(&[Capability::KeepAlive]),
    ]
}

/// Returns a case that starts a server with short limits.
fn at_the_edge<F, Running>(id: &'static str, says: &'static str, client: F) -> Case
where
    F: Fn(Run) -> Running + Send + Sync + 'static,
    Running: Future<Output = Outcome> + Send + 'static,
{
    Case::lifecycle(id, says, client).needs(&[Capability::Http1, Capability::Edge])
}

/// A time that a case waits for.
pub(super) const SHORT: Duration = Duration::from_millis(250);
/// One that no case lasts.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// Fails unless `work` takes about as long as `time`.
pub(super) async fn takes<T>(
    time: Duration,
    what: &str,
    work: impl Future<Output = Outcome<T>>,
) -> Outcome<T> {
    let begin = Instant::now();
    let done = within_for(time + SOON, what, work).await??;
    let took = begin.elapsed();
    // A connection is accepted a moment before its client hears of it.
    ensure(
        took + time / 2 >= time,
        format!("{what} came after {took:?} and not after {time:?}"),
    )?;
    Ok(done)
}

pub(super) fn times() -> Edge {
    Edge {
        head_timeout: Some(LONG),
        keep_alive_timeout: Some(LONG),
        ..Edge::default()
    }
}

async fn silent(run: Run) -> Outcome {
    let edge = Edge {
        head_timeout: Some(SHORT),
        ..times()
    };
    let server = run
        .start_at_the_edge(edge, held(run.notes().clone()))
        .await?;
    let mut wire = server.wire().await?;
    takes(SHORT, "the close", wire.expect_close()).await
}

async fn half_a_head(run: Run) -> Outcome {
    let edge = Edge {
        head_timeout: Some(SHORT),
        ..times()
    };
    let server = run
        .start_at_the_edge(edge, held(run.notes().clone()))
        .await?;
    let mut fresh = server.wire().await?;
    let mut used = server.wire().await?;
    used.send(run.head_to(&server, "GET", "/") + "\r\n").await?;
    same("the status", used.read_reply().await?.head.status, 200)?;
    for wire in [&mut fresh, &mut used] {
        wire.send("GET / HTTP/1.1\r\nHo").await?;
        expect_408(wire).await?;
    }
    Ok(())
}

async fn expect_408(wire: &mut Wire) -> Outcome {
    let reply = wire.read_reply().await?;
    same("the status", reply.head.status, 408)?;
    ensure(
        reply.head.closes(),
        "the answer does not announce the close",
    )?;
    wire.expect_close().await
}

async fn dribble(run: Run) -> Outcome {
    let edge = Edge {
        head_timeout: Some(SHORT),
        ..times()
    };
    let server = run
        .start_at_the_edge(edge, held(run.notes().clone()))
        .await?;
    let mut wire = server.wire().await?;
    let dribbling = async {
        wire.send("GET / HTTP/1.1\r\nx: ").await?;
        while wire.is_silent_for(SHORT / 10).await {
            wire.send_if_open("x").await?;
        }
        Ok(())
    };
    takes(SHORT, "an answer to half a head", dribbling).await
}

async fn idle(run: Run) -> Outcome {
    let edge = Edge {
        keep_alive_timeout: Some(SHORT),
        ..times()
    };
    let server = run
        .start_at_the_edge(edge, held(run.notes().clone()))
        .await?;
    let mut wire = server.wire().await?;
    for _ in 0..3 {
        wire.send(run.head_to(&server, "GET", "/") + "\r\n").await?;
        wire.read_reply().await?;
        tokio::time::sleep(SHORT / 2).await;
    }
    wire.send(run.head_to(&server, "GET", "/held") + "\r\n")
        .await?;
    run.notes().wait("in /held").await?;
    ensure(
        wire.is_silent_for(2 * SHORT).await,
        "a request in flight was idle",
    )?;
    run.notes().say("go /held");
    wire.read_reply().await?;
    takes(SHORT, "the close", wire.expect_close()).await
}

/// Answers with the length of the body, or with 408 if it came too slowly. A path is a time to wait before it
/// is read, in milliseconds.
pub(super) fn reads(_: Notes) -> App {
    App::new(|request: Request| async move {
        if let Ok(wait) = request.uri().path()[1..].parse() {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        match request.into_body().collect(1_000_000).await {
            Ok(body) => text(body.len().to_string()),
            Err(error) if error.is_timeout() => status(StatusCode::REQUEST_TIMEOUT),
            Err(error) => text(error.to_string()),
        }
    })
}

pub(super) const SLOWEST: u32 = 2_000;

async fn body_rate(run: Run) -> Outcome {
    let edge = Edge {
        request_body_rate: Some((SLOWEST, SHORT)),
        ..times()
    };
    let server = run
        .start_at_the_edge(edge, reads(run.notes().clone()))
        .await?;
    let mut wire = server.wire().await?;
    wire.send(run.head_to(&server, "POST", "/") + "Content-Length: 1000\r\n\r\n")
        .await?;
    let slowly = async {
        while wire.is_silent_for(SHORT / 20).await {
            wire.send_if_open("x").await?;
        }
        Ok(())
    };
    takes(SHORT, "an answer to a slow body", slowly).await?;
    expect_408(&mut wire).await
}

async fn fair_body_rate(run: Run) -> Outcome {
    let edge = Edge {
        // Far slower than what is sent, so that a machine under load does not make it too slow.
        request_body_rate: Some((SLOWEST / 20, 2 * SHORT)),
        ..times()
    };
    let server = run
        .start_at_the_edge(edge, reads(run.notes().clone()))
        .await?;
    let mut late = server.wire().await?;
    let wait = 8 * SHORT.as_millis();
    late.send(run.head_to(&server, "POST", &format!("/{wait}")) + "Content-Length: 5\r\n\r\n")
        .await?;
    let mut wire = server.wire().await?;
    wire.send(run.head_to(&server, "POST", "/") + "Content-Length: 3000\r\n\r\n")
        .await?;
    // Which makes up for what it was late.
    let mut beat = tokio::time::interval(Duration::from_millis(30));
    for _ in 0..30 {
        beat.tick().await;
        wire.send("x".repeat(100)).await?;
    }
    same("the body", &wire.read_reply().await?.body[..], b"3000")?;
    late.send("hello").await?;
    same("the body", &late.read_reply().await?.body[..], b"5")
}

/// Answers without end, and says `dropped` when nobody wants any more.
pub(super) fn endless(notes: Notes) -> App {
    struct Says(Notes);
    impl Drop for Says {
        fn drop(&mut self) {
            self.0.say("dropped");
        }
    }
    App::new(move |_: Request| {
        let says = Says(notes.clone());
        let pieces = futures_util::stream::repeat_with(move || {
            let _ = &says;
            Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 16 * 1024]))
        });
        std::future::ready(Response::new(Body::from_stream(pieces)))
    })
}

async fn write_rate(run: Run) -> Outcome {
    let edge = Edge {
        response_rate: Some((1_000_000, SHORT / 10)),
        ..times()
    };
    let server = run
        .start_at_the_edge(edge, endless(run.notes().clone()))
        .await?;
    let mut wire = server.wire().await?;
    wire.send(run.head_to(&server, "GET", "/") + "\r\n").await?;
    run.notes().wait("dropped").await?;
    within("the reset", wire.read_to_reset()).await?.map(drop)
}

/// Accepts an upgrade, and echoes.
fn echoes(_: Notes) -> App {
    App::new(|request: Request| async move {
        let Some(Ok(upgrading)) = request.feature::<dyn Upgrade>().map(Upgrade::accept) else {
            return status(StatusCode::UPGRADE_REQUIRED);
        };
        tokio::spawn(async move {
            let (mut reader, mut writer) = tokio::io::split(upgrading.await?);
            tokio::io::copy(&mut reader, &mut writer).await?;
            Ok::<_, Failure>(())
        });
        let mut response = status(StatusCode::SWITCHING_PROTOCOLS);
        let headers = response.headers_mut();
        let token = http::HeaderValue::from_static;
        headers.insert(http::header::UPGRADE, token("echo"));
        headers.insert(http::header::CONNECTION, token("upgrade"));
        response
    })
}

async fn upgraded(run: Run) -> Outcome {
    let edge = Edge {
        head_timeout: Some(SHORT),
        keep_alive_timeout: Some(SHORT),
        request_body_rate: Some((1_000_000, SHORT / 10)),
        response_rate: Some((1_000_000, SHORT / 10)),
        connection_age: Some(SHORT),
        ..Edge::default()
    };
    let server = run
        .start_at_the_edge(edge, echoes(run.notes().clone()))
        .await?;
    let mut wire = server.wire().await?;
    wire.send(run.head_to(&server, "GET", "/") + "Connection: upgrade\r\nUpgrade: echo\r\n\r\n")
        .await?;
    let head = wire.read_until(b"\r\n\r\n").await?;
    ensure(head.starts_with(b"HTTP/1.1 101 "), "there was no 101")?;
    ensure(wire.is_silent_for(3 * SHORT).await, "it was closed")?;
    wire.send("still there").await?;
    same("the echo", &wire.read(11).await?[..], b"still there")
}

async fn age(run: Run) -> Outcome {
    let edge = Edge {
        // A request has to come before the connection is old.
        connection_age: Some(4 * SHORT),
        ..times()
    };
    let server = run
        .start_at_the_edge(edge, held(run.notes().clone()))
        .await?;
    let mut idle = server.wire().await?;
    let mut busy = server.wire().await?;
    idle.send(run.head_to(&server, "GET", "/") + "\r\n").await?;
    idle.read_reply().await?;
    busy.send(run.head_to(&server, "GET", "/held") + "\r\n")
        .await?;
    run.notes().wait("in /held").await?;
    within_for(4 * SHORT + SOON, "the close", idle.expect_close()).await??;
    ensure(
        busy.is_silent_for(SHORT).await,
        "a request in flight was cut",
    )?;
    run.notes().say("go /held");
    let reply = busy.read_reply().await?;
    same("the body", &reply.body[..], b"/held")?;
    ensure(
        reply.head.closes(),
        "the answer does not announce the close",
    )?;
    busy.expect_close().await
}
