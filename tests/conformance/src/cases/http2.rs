//! S-H2: what no client library sends.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use transom::features::{ExtendedConnect, Upgrade};
use transom::{App, Request, RequestExt as _, Response};

use crate::{Capability, Case, Edge, Frame, Notes, Outcome, Protocol, Run, ensure, observer, same};

pub(super) fn cases() -> Vec<Case> {
    let http2 = |case: Case| case.on(&[Protocol::Http2]);
    vec![
        http2(Case::new(
            "S-H2-MALFORMED",
            "A malformed request ends its stream, or the connection, with PROTOCOL_ERROR, and never reaches \
             the application.",
            malformed,
        )),
        http2(Case::new(
            "S-L-H2RESET",
            "A client that opens streams and resets them at once, without end, loses its connection.",
            rapid_reset,
        )),
        http2(Case::new(
            "S-L-CONT",
            "A header block that goes on and on ends its connection.",
            continuations,
        )),
        http2(Case::new(
            "S-L-H2CONTROL",
            "A client that sends PING, or SETTINGS, without end and nothing else loses its connection.",
            control,
        )),
        http2(Case::new(
            "S-UPG-ECONNECT",
            "An extended CONNECT that is accepted turns its stream into bytes both ways, and leaves the other \
             streams what they are.",
            extended_connect,
        ))
        .with_app(echo)
        .needs(&[Capability::ExtendedConnect]),
        Case::lifecycle(
            "S-T-PREFACE",
            "A client that begins as one of HTTP/2 does, and sends no request, loses its connection when a head \
             is due, whatever it sends beside.",
            silence,
        )
        .needs(&[Capability::Http2, Capability::Edge]),
        Case::lifecycle(
            "S-T-H2IDLE",
            "A connection of HTTP/2 that has had no request for too long is told so with GOAWAY, and closed.",
            idle,
        )
        .needs(&[Capability::Http2, Capability::Edge]),
    ]
}

/// Sends back whatever comes on a stream that another protocol is asked for on, and answers the rest.
fn echo(_: Notes) -> App {
    App::new(|request: Request| {
        let offer = request.feature::<dyn Upgrade>();
        let is_asked = request.feature::<ExtendedConnect>().is_some();
        if let (true, Some(Ok(upgrading))) = (is_asked, offer.map(<dyn Upgrade>::accept)) {
            tokio::spawn(async move {
                // A client that goes away is none of the application's business.
                if let Ok(stream) = upgrading.await {
                    let (mut reader, mut writer) = tokio::io::split(stream);
                    let _ = tokio::io::copy(&mut reader, &mut writer).await;
                    let _ = writer.shutdown().await;
                }
            });
        }
        async { Response::default() }
    })
}

/// A time that a case waits for.
const SHORT: Duration = Duration::from_millis(500);
/// One that no case lasts.
const LONG: Duration = Duration::from_secs(60);

async fn silence(run: Run) -> Outcome {
    let edge = Edge {
        head_timeout: Some(SHORT),
        keep_alive_timeout: Some(LONG),
        ..Edge::default()
    };
    let server = run
        .start_at_the_edge(edge, observer(run.notes().clone()))
        .await?;
    let mut part = server.wire_of_http2().await?;
    part.send("PRI * HTTP/2.0\r\n").await?;
    let mut pings = server.frames().await?;
    let mut half = server.frames().await?;
    let block = Frame::block(&half.get());
    // It may be too late already.
    let _ = half.send(Frame::bytes(Frame::HEADERS, 0, 1, &block)).await;
    let ping = Frame::bytes(Frame::PING, 0, 0, &[0; 8]);
    let begin = Instant::now();
    while begin.elapsed() < 2 * SHORT && pings.send(&ping).await.is_ok() {
        tokio::time::sleep(SHORT / 10).await;
    }
    pings.ends().await?;
    half.ends().await?;
    part.read_to_close().await.map(drop)
}

async fn idle(run: Run) -> Outcome {
    let edge = Edge {
        head_timeout: Some(LONG),
        keep_alive_timeout: Some(SHORT),
        ..Edge::default()
    };
    let server = run
        .start_at_the_edge(edge, observer(run.notes().clone()))
        .await?;
    let mut frames = server.frames().await?;
    frames
        .request(&run, 1, &frames.get(), Frame::END_STREAM)
        .await?;
    let answer = frames.read_kind(ANSWERS).await?;
    same("the type of the answer", answer.kind, Frame::HEADERS)?;
    let goaway = frames.read_kind(&[Frame::GOAWAY]).await?;
    same("the error code", &goaway.payload[4..8], &[0; 4][..])?;
    frames.ends().await
}

async fn malformed(run: Run) -> Outcome {
    // What is well formed is answered.
    let mut frames = run.frames().await?;
    frames
        .request(&run, 1, &frames.get(), Frame::END_STREAM)
        .await?;
    let answer = frames.read_kind(ANSWERS).await?;
    same("the type of the answer", answer.kind, Frame::HEADERS)?;

    let called = run.notes().seen().len();
    let [method, scheme, path, authority] = frames.get();
    for (what, fields) in [
        ("no `:method`", &[scheme, path, authority][..]),
        ("no `:path`", &[method, scheme, authority]),
        ("two `:path`", &[method, scheme, path, path, authority]),
        (
            "a field before `:path`",
            &[method, scheme, ("x", "y"), path],
        ),
        (
            "`connection`",
            &[method, scheme, path, authority, ("connection", "close")],
        ),
        (
            "`X` in upper case",
            &[method, scheme, path, authority, ("X", "y")],
        ),
    ] {
        let mut frames = run.frames().await?;
        frames.request(&run, 1, fields, Frame::END_STREAM).await?;
        let answer = frames.read_kind(ANSWERS).await?;
        let code = match answer.kind {
            Frame::RST_STREAM => &answer.payload[..4],
            Frame::GOAWAY => &answer.payload[4..8],
            _ => &[],
        };
        same(
            &format!("the error code of {what}"),
            code,
            &[0, 0, 0, 1][..],
        )?;
    }
    let calls = run.notes().seen().len() - called;
    ensure(calls == 0, "a malformed request reached the application")
}

/// The types of frames that answer a request, or refuse it.
const ANSWERS: &[u8] = &[Frame::HEADERS, Frame::RST_STREAM, Frame::GOAWAY];

async fn rapid_reset(run: Run) -> Outcome {
    const CANCEL: [u8; 4] = [0, 0, 0, 8];
    let frames = run.frames().await?;
    let mut fields = frames.get().to_vec();
    fields.push((crate::run::CASE, &run.line));
    let block = Frame::block(&fields);
    let one = |stream| {
        let flags = Frame::END_HEADERS | Frame::END_STREAM;
        let mut bytes = Frame::bytes(Frame::HEADERS, flags, stream, &block);
        bytes.extend(Frame::bytes(Frame::RST_STREAM, 0, stream, &CANCEL));
        bytes
    };
    frames
        .flood(200, |round| {
            let streams = (0..100).map(|stream| (round * 100 + stream) * 2 + 1);
            streams.flat_map(one).collect()
        })
        .await
}

async fn continuations(run: Run) -> Outcome {
    let mut frames = run.frames().await?;
    let begin = Frame::bytes(Frame::HEADERS, 0, 1, &Frame::block(&frames.get()));
    frames.send(begin).await?;
    let field = Frame::block(&[("x-field", &"x".repeat(100))]);
    let more = Frame::bytes(Frame::CONTINUATION, 0, 1, &field).repeat(100);
    frames.flood(200, |_| more.clone()).await
}

async fn control(run: Run) -> Outcome {
    for frame in [
        Frame::bytes(Frame::PING, 0, 0, &[0; 8]),
        Frame::bytes(Frame::SETTINGS, 0, 0, &[]),
    ] {
        let frames = run.frames().await?;
        let hundred = frame.repeat(100);
        frames.flood(500, |_| hundred.clone()).await?;
    }
    Ok(())
}

async fn extended_connect(run: Run) -> Outcome {
    let mut frames = run.frames().await?;
    let [_, scheme, path, authority] = frames.get();
    let connect = [
        (":method", "CONNECT"),
        (":protocol", "echo"),
        scheme,
        path,
        authority,
    ];
    frames.request(&run, 1, &connect, 0).await?;
    let answer = frames.read_kind(ANSWERS).await?;
    // Number 8 of the static table of HPACK is `:status: 200`.
    ensure(
        answer.kind == Frame::HEADERS && answer.payload.first() == Some(&0x88),
        "the answer is not 200",
    )?;
    ensure(
        answer.flags & Frame::END_STREAM == 0,
        "the stream ends with the answer",
    )?;
    frames
        .request(&run, 3, &frames.get(), Frame::END_STREAM)
        .await?;
    let other = frames.read_kind(&[Frame::HEADERS]).await?;
    same("the stream of the next answer", other.stream, 3)?;
    for piece in ["to and fro", "once more"] {
        let data = Frame::bytes(Frame::DATA, 0, 1, piece.as_bytes());
        frames.send(data).await?;
        let back = loop {
            let data = frames.read_kind(&[Frame::DATA]).await?;
            if data.stream == 1 {
                break data;
            }
        };
        same("what comes back", &back.payload[..], piece.as_bytes())?;
    }
    frames
        .send(Frame::bytes(Frame::DATA, Frame::END_STREAM, 1, &[]))
        .await?;
    let end = frames.read_kind(&[Frame::DATA]).await?;
    same("the flags of the end", end.flags, Frame::END_STREAM)
}
