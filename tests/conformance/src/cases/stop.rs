//! H-STOP: how a server stops when it is asked to.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use tokio::task::JoinHandle;
use transom::features::ServerLifetime;
use transom::{App, Body, Request, RequestExt, Response};

use super::held::{A_WHILE, SOON, eventually, held, some_protocol, spoken, text};
use super::start::{answers_on, bound};
use crate::{
    Capability, Case, Failure, Frame, Notes, Outcome, Protocol, Run, Running, ensure, same,
    within_for,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::lifecycle(
            "H-STOP-INFLIGHT",
            "A request in flight is answered in full after the server was asked to stop, and hears of it; \
             then the server ends.",
            in_flight,
        )
        .needs(&[Capability::Drain]),
        Case::lifecycle(
            "H-STOP-UPLOAD",
            "A request whose body is still on its way when the server stops is read to its end, and answered.",
            upload,
        )
        .needs(&[
            Capability::Http1,
            Capability::Drain,
            Capability::RequestStreaming,
        ]),
        Case::lifecycle(
            "H-STOP-DOWNLOAD",
            "A response that the client still reads when the server stops is sent to its end.",
            download,
        )
        .needs(&[Capability::Drain]),
        Case::lifecycle(
            "H-STOP-IDLE",
            "A stop closes idle connections at once: new ones, and those that carried requests.",
            idle,
        )
        .needs(&[Capability::Http1, Capability::CloseIdleOnStop]),
        Case::lifecycle(
            "H-STOP-NEW",
            "While a stopping server drains, new connections are refused.",
            new_connections,
        )
        .needs(&[Capability::Drain]),
        Case::lifecycle(
            "H-STOP-OLD",
            "While a stopping server drains, an old connection is closed behind the answer that it waits for, or \
             behind the next, which says so.",
            old_connections,
        )
        .needs(&[Capability::Http1, Capability::Drain]),
        Case::lifecycle(
            "H-STOP-GOAWAY",
            "While a stopping server drains, a connection of HTTP/2 takes no new request, and those in flight \
             are answered.",
            |run| goaway(run, Protocol::Http2),
        )
        .needs(&[Capability::Http2, Capability::Drain]),
        Case::lifecycle(
            "H-STOP-UNREAD",
            "A client of HTTP/2 that goes on sending frames behind the last answer of a stopping server, before it \
             reads that answer, reads it whole.",
            unread,
        )
        .needs(&[Capability::Http2, Capability::Drain]),
        Case::lifecycle(
            "H-STOP-GOAWAY-H3",
            "While a stopping server drains, a connection of HTTP/3 takes no new request, and those in flight \
             are answered.",
            |run| goaway(run, Protocol::Http3),
        )
        .needs(&[Capability::Http3, Capability::Drain]),
        Case::lifecycle(
            "H-STOP-HALFHEAD",
            "Half a head, or half a preface, does not hold up a stop.",
            half_head,
        )
        .needs(&[Capability::Http1, Capability::CloseIdleOnStop]),
    ]
}

/// Says `stopping PATH` when the server stops, and then streams its answer: `go PATH` ends it.
fn streams_after_stop(notes: Notes) -> App {
    App::new(move |request: Request| answer_after_stop(request, notes.clone()))
}

async fn answer_after_stop(request: Request, notes: Notes) -> Response {
    let path = request.uri().path().to_owned();
    let lifetime = request.feature::<ServerLifetime>().cloned();
    notes.say(format!("in {path}"));
    if let Some(lifetime) = lifetime
        && within_for(SOON, "the stop", lifetime.stopping())
            .await
            .is_ok()
    {
        notes.say(format!("stopping {path}"));
    }
    let body = stream::unfold(0, move |part| {
        let (notes, path) = (notes.clone(), path.clone());
        async move {
            match part {
                0 => Some((Ok(Bytes::from_static(b"begun ")), 1)),
                1 => Some(match notes.wait(&format!("go {path}")).await {
                    Ok(()) => (Ok(Bytes::from_static(b"ended")), 2),
                    Err(failure) => (Err(failure.to_string()), 2),
                }),
                _ => None,
            }
        }
    });
    Response::new(Body::from_stream(body))
}

async fn in_flight(run: Run) -> Outcome {
    let server = run.start(streams_after_stop(run.notes().clone())).await?;
    let mut replies = Vec::new();
    for protocol in spoken(&run, &server) {
        let path = format!("/{protocol}");
        let mut connection = server.connect(protocol).await?;
        let request = run.get(&path).body(Body::empty())?;
        let asking: JoinHandle<Outcome<String>> =
            tokio::spawn(async move { connection.send(request).await?.text().await });
        run.notes().wait(&format!("in {path}")).await?;
        replies.push((path, asking));
    }
    server.request_stop();
    for (path, _) in &replies {
        run.notes().wait(&format!("stopping {path}")).await?;
    }
    let mut ended = std::pin::pin!(server.ended());
    ensure(
        tokio::time::timeout(A_WHILE, &mut ended).await.is_err(),
        "the server ended with requests in flight",
    )?;
    for (path, asking) in replies {
        run.notes().say(format!("go {path}"));
        let answer = asking.await?.map_err(|failure| failure.at(&path))?;
        same("the answer", answer, "begun ended")?;
    }
    within_for(SOON, "the end behind the last answer", ended).await?
}

/// Says `in`, and answers with the length of the body.
fn reads(notes: Notes) -> App {
    App::new(move |request: Request| {
        let notes = notes.clone();
        async move {
            notes.say("in");
            match request.into_body().collect(MUCH).await {
                Ok(body) => text(body.len().to_string()),
                Err(error) => text(error.to_string()),
            }
        }
    })
}

async fn upload(run: Run) -> Outcome {
    let server = run.start(reads(run.notes().clone())).await?;
    let mut wire = server.wire().await?;
    let half = "half".repeat(10_000);
    wire.send(run.head_to(&server, "POST", "/") + "Content-Length: 80000\r\n\r\n" + &half)
        .await?;
    run.notes().wait("in").await?;
    server.request_stop();
    tokio::time::sleep(A_WHILE).await;
    wire.send(half).await?;
    let reply = wire.read_reply().await?;
    same("the body", &reply.body[..], b"80000")?;
    server.ended().await
}

/// More than the buffers of a socket hold.
const MUCH: usize = 16 * 1024 * 1024;

fn answers_much(_: Notes) -> App {
    App::new(|_: Request| std::future::ready(Response::new(Body::from(vec![b'm'; MUCH]))))
}

async fn download(run: Run) -> Outcome {
    let server = run.start(answers_much(run.notes().clone())).await?;
    let mut replies = Vec::new();
    for protocol in spoken(&run, &server) {
        // Who closes at once, as hyper does, resets a client that still says something. That is not asked here.
        let mut connection = server.connect_roomy(protocol, 4 * MUCH as u32).await?;
        let reply = connection.send(run.get("/").body(Body::empty())?).await?;
        replies.push((protocol, connection, reply));
    }
    server.request_stop();
    tokio::time::sleep(A_WHILE).await;
    let mut reading = Vec::new();
    for (protocol, connection, reply) in replies {
        reading.push(async move {
            let _connection = connection;
            let finished: Outcome<_> = reply.finish().await;
            let (data, _) = finished.map_err(|failure| failure.at(protocol))?;
            same(&format!("the bytes over {protocol}"), data.len(), MUCH)
        });
    }
    for read in futures_util::future::join_all(reading).await {
        read?;
    }
    server.ended().await
}

/// As much as a client may be sent before it answers.
const WINDOW: usize = 60_000;

async fn unread(run: Run) -> Outcome {
    let answers = |_: Request| std::future::ready(Response::new(Body::from(vec![b'w'; WINDOW])));
    let server = run.start(App::new(answers)).await?;
    let mut frames = server.frames().await?;
    frames
        .request(&run, 1, &frames.get(), Frame::END_STREAM)
        .await?;
    frames.read_kind(&[Frame::HEADERS]).await?;
    server.request_stop();
    for _ in 0..5 {
        tokio::time::sleep(A_WHILE).await;
        let more = Frame::bytes(Frame::WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes());
        frames.send(more).await?;
    }
    let mut read = 0;
    loop {
        let frame = frames.read_kind(&[Frame::DATA]).await?;
        read += frame.payload.len();
        if frame.flags & Frame::END_STREAM != 0 {
            break;
        }
    }
    same("the bytes", read, WINDOW)?;
    drop(frames);
    server.ended().await
}

/// How long a server may take to close idle connections; shorter than any timeout of silence.
const AT_ONCE: Duration = Duration::from_millis(700);

async fn idle(run: Run) -> Outcome {
    let server = run.start(held(run.notes().clone())).await?;
    let mut new = server.wire().await?;
    let mut used = server.wire().await?;
    for _ in 0..2 {
        used.send(run.head_to(&server, "GET", "/") + "\r\n").await?;
        same("the status", used.read_reply().await?.head.status, 200)?;
        tokio::time::sleep(A_WHILE / 2).await;
    }
    let mut other = server
        .connect(some_protocol(&run, server.features())?)
        .await?;
    answers_on(&run, &mut other).await?;
    let mut http2 = None;
    if run.manifest().has(Capability::Http2) {
        let mut connection = server.connect(Protocol::Http2).await?;
        answers_on(&run, &mut connection).await?;
        http2 = Some(connection);
    }
    server.request_stop();
    let closed = async {
        new.expect_close().await?;
        used.expect_close().await
    };
    within_for(AT_ONCE, "the close of idle connections", closed).await??;
    server.ended().await?;
    drop((other, http2));
    Ok(())
}

/// Starts a server with a request in flight at `/held`, on a connection of its own.
async fn draining(run: &Run) -> Outcome<(Running, JoinHandle<Outcome<String>>)> {
    let server = run.start(held(run.notes().clone())).await?;
    let mut connection = server
        .connect(some_protocol(run, server.features())?)
        .await?;
    let request = run.get("/held").body(Body::empty())?;
    let asking = tokio::spawn(async move { connection.send(request).await?.text().await });
    run.notes().wait("in /held").await?;
    Ok((server, asking))
}

async fn new_connections(run: Run) -> Outcome {
    let (server, asking) = draining(&run).await?;
    server.request_stop();
    let refused = async {
        // One that was accepted before the server saw the request may be answered.
        while is_served(&run, &server).await {
            tokio::time::sleep(A_WHILE / 10).await;
        }
    };
    within_for(SOON, "the refusal of new connections", refused).await?;
    // One that was closed by chance is no refusal: all that come later are refused as well.
    for _ in 0..3 {
        ensure(
            !is_served(&run, &server).await,
            "a connection is not refused behind one that was",
        )?;
    }
    ensure(!asking.is_finished(), "the request in flight was cut off")?;
    run.notes().say("go /held");
    same("the answer", asking.await??, "/held")?;
    server.ended().await
}

async fn is_served(run: &Run, server: &Running) -> bool {
    let asked = async {
        let mut connection = server
            .connect(some_protocol(run, server.features())?)
            .await?;
        answers_on(run, &mut connection).await
    };
    // One that is not answered is not refused either.
    !matches!(tokio::time::timeout(SOON / 2, asked).await, Ok(Err(_)))
}

async fn old_connections(run: Run) -> Outcome {
    let server = run.start(held(run.notes().clone())).await?;
    let mut wire = server.wire().await?;
    wire.send(run.head_to(&server, "GET", "/") + "\r\n").await?;
    same("the status", wire.read_reply().await?.head.status, 200)?;
    wire.send(run.head_to(&server, "GET", "/held") + "\r\n")
        .await?;
    run.notes().wait("in /held").await?;
    server.request_stop();
    let bound = bound(&server)?.first().and_then(|one| one.connect_addr());
    if let Some(address) = bound {
        // So that the server has heard of the stop.
        eventually("the refusal of new connections", || {
            std::net::TcpStream::connect(address).is_err()
        })
        .await?;
    }
    run.notes().say("go /held");
    let reply = wire.read_reply().await?;
    same("the body", &reply.body[..], b"/held")?;
    let closed = async {
        wire.send_if_open(run.head_to(&server, "GET", "/") + "\r\n")
            .await?;
        // One more answer may say that it is the last.
        let rest = wire.read_to_close().await?;
        let rest = String::from_utf8_lossy(&rest).to_ascii_lowercase();
        let last = rest.is_empty() || rest.contains("\r\nconnection: close\r\n");
        ensure(last, format!("the server went on with {rest:?}"))
    };
    within_for(SOON, "the close of the old connection", closed).await??;
    server.ended().await
}

async fn goaway(run: Run, protocol: Protocol) -> Outcome {
    let server = run.start(held(run.notes().clone())).await?;
    let mut connection = server.connect(protocol).await?;
    let mut other = connection.share()?;
    answers_on(&run, &mut other).await?;
    let request = run.get("/held").body(Body::empty())?;
    let asking = tokio::spawn(async move { connection.send(request).await?.text().await });
    run.notes().wait("in /held").await?;
    server.request_stop();
    let refused = async {
        // One that crossed the word of the stop is answered.
        while answers_on(&run, &mut other).await.is_ok() {
            tokio::time::sleep(A_WHILE / 10).await;
        }
    };
    within_for(SOON, "the refusal of new requests", refused).await?;
    ensure(!asking.is_finished(), "the request in flight was cut off")?;
    run.notes().say("go /held");
    same("the answer", asking.await??, "/held")?;
    server.ended().await
}

async fn half_head(run: Run) -> Outcome {
    let server = run.start(held(run.notes().clone())).await?;
    let mut begun = vec!["GET / HT".to_owned(), run.head_to(&server, "GET", "/")];
    if run.manifest().has(Capability::Http2) {
        begun.push("PRI * HTTP/2.0\r\n".to_owned());
        begun.push("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned());
    }
    let mut wires = Vec::new();
    for bytes in begun {
        let mut wire = server.wire().await?;
        wire.send(bytes).await?;
        wires.push(wire);
    }
    // So that what was sent has arrived.
    let mut wire = server.wire().await?;
    wire.send(run.head_to(&server, "GET", "/") + "\r\n").await?;
    same("the status", wire.read_reply().await?.head.status, 200)?;
    server.request_stop();
    server.ended().await?;
    if wires.is_empty() {
        return Err(Failure::new("nothing was begun"));
    }
    Ok(())
}
