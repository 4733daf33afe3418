//! How the body flows: piece by piece, at the speed of its reader.

use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, header};
use http_body::Frame;
use http_body_util::StreamBody;
use transom::adapter::body_pump;
use transom::features::ResponseTrailers;
use transom::{App, Body, Request, RequestExt, Response};

use super::{Client, pieces_and_trailers, text};
use crate::memory::Growth;
use crate::{
    Capability, Case, Failure, Notes, Outcome, Protocol, Reply, Run, ensure, same, within_for,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-RES-FLUSH",
            "The head, and each piece of a body, reaches the client before the next is made.",
            flush,
        )
        .with_app(|notes| App::new(move |_| flushed(notes.clone())))
        .needs(&[Capability::ResponseStreaming]),
        Case::new(
            "S-RES-BIG",
            "A body of 64 MiB passes through, and the server never holds more than a part of it.",
            big,
        )
        .with_app(|notes| App::new(move |_| produced(notes.clone())))
        .needs(&[Capability::ResponseStreaming, Capability::BackpressureOut])
        .alone(),
        Case::new(
            "S-RES-BACKPRESSURE",
            "A client that does not read stops the body, which flows on when he does.",
            back_pressure,
        )
        .with_app(|notes| App::new(move |_| produced(notes.clone())))
        .needs(&[Capability::ResponseStreaming, Capability::BackpressureOut]),
        Case::new(
            "S-RES-EARLY",
            "A response is sent although the body of the request has not come yet.",
            early,
        )
        .with_app(|_| App::new(|_| async { text("early") }))
        .needs(&[Capability::RequestStreaming]),
        Case::new(
            "S-RES-TRAILERS",
            "Trailers are sent to a client that takes them, of which `ResponseTrailers` tells the application.",
            trailers,
        )
        .with_app(|_| App::new(with_trailers))
        .needs_on(Protocol::Gateway, Capability::ResponseTrailersH1)
        .needs_on(Protocol::Http1, Capability::ResponseTrailersH1)
        .needs_on(Protocol::Http2, Capability::ResponseTrailersH2),
        Case::wire(
            "S-RES-TRAILERS-DROPPED",
            "Trailers that the client does not take, or that a body of known length cannot have, are dropped; \
             the body is whole.",
            trailers_dropped,
        )
        .with_app(|_| App::new(with_trailers)),
    ]
}

/// A piece of the bodies here: a pattern whose period is no power of two, so that a lost or repeated
/// buffer shows, as often as it fits.
static CHUNK: LazyLock<Bytes> = LazyLock::new(|| (0..=250).cycle().take(251 * 256).collect());
/// How many pieces are 64 MiB.
const CHUNKS: usize = 64 * 1024 * 1024 / (251 * 256);
/// After how many pieces the application looks at its memory.
const LOOK: usize = 16;
/// How much of a body may be under way between the application and the client: what sockets, their
/// buffers and the windows of HTTP/2 hold.
const UNDER_WAY: u64 = 24 * 1024 * 1024;

/// Makes each piece only when the client says that it has the one before.
async fn flushed(notes: Notes) -> Response {
    let pieces = stream::unfold((notes, 0), |(notes, at)| async move {
        notes.wait(&format!("go {at}")).await.ok()?;
        let piece = Bytes::from(format!("piece {at}"));
        Some((Ok::<_, Infallible>(piece), (notes, at + 1)))
    });
    text(Body::from_stream(stream::StreamExt::take(pieces, 3)))
}

async fn flush(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    let mut reply = client.send("GET", "/").await?;
    for at in 0..3 {
        run.notes().say(format!("go {at}"));
        let piece = reply.data().await?;
        same(
            "the piece",
            piece.as_deref(),
            Some(format!("piece {at}").as_bytes()),
        )?;
    }
    same("what follows", reply.text().await?, "")
}

/// Answers with 64 MiB, made as they are asked for.
async fn produced(notes: Notes) -> Response {
    let chunks = (0..CHUNKS).map(move |at| {
        if at % LOOK == LOOK - 1 {
            Growth::look(&notes);
        }
        let made = notes.add("made", CHUNK.len());
        let under_way = made.saturating_sub(notes.sum("received"));
        if under_way > UNDER_WAY && notes.count("too much was under way") == 0 {
            notes.say("too much was under way");
        }
        Ok::<_, Infallible>(CHUNK.clone())
    });
    text(Body::from_stream(stream::iter(chunks)))
}

async fn big(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    let growth = Growth::begin()?;
    let reply = client.send("GET", "/").await?;
    receive_all(&run, reply).await?;
    same("what the application says", run.notes().words(), [""; 0])?;
    growth.within_bounds(run.notes())
}

async fn back_pressure(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    let reply = client.send("GET", "/").await?;
    let made = made_until_it_stops(run.notes()).await?;
    ensure(
        made <= UNDER_WAY,
        format!("the application made {made} bytes, and nobody read"),
    )?;
    receive_all(&run, reply).await
}

async fn made_until_it_stops(notes: &Notes) -> Outcome<u64> {
    let stopped = async {
        let (mut last, mut still) = (0, 0);
        while still < 8 {
            tokio::time::sleep(Duration::from_millis(25)).await;
            let now = notes.sum("made");
            still = if now == last { still + 1 } else { 0 };
            last = now;
        }
        last
    };
    within_for(Duration::from_secs(5), "a stop of the application", stopped).await
}

/// Reads and checks everything.
async fn receive_all(run: &Run, mut reply: Reply) -> Outcome {
    let mut at = 0;
    while let Some(data) = reply.data().await? {
        for part in data.chunks(CHUNK.len() / 2) {
            let from = at % 251;
            ensure(
                CHUNK[from..from + part.len()] == *part,
                format!("the bytes behind {at} are not those that were sent"),
            )?;
            at += part.len();
        }
        run.notes().add("received", data.len());
    }
    same("the number of bytes", at, CHUNKS * CHUNK.len())
}

async fn early(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let (mut sender, body) = body_pump(None);
    sender.data("the first part").await?;
    let request = run.post_streamed("/", 1024).body(body)?;
    let reply = connection.send(request).await?;
    same("the status", reply.status(), 200)?;
    same("the body", reply.text().await?, "early")?;
    // The client was still sending.
    drop(sender);
    Client::new(&run).expect_text("/after", "early").await
}

async fn with_trailers(request: Request) -> Response {
    let mut trailers = HeaderMap::new();
    let told = request.feature::<ResponseTrailers>().is_some();
    trailers.insert(
        "x-told",
        HeaderValue::from_static(if told { "yes" } else { "no" }),
    );
    trailers.append("x-sum", HeaderValue::from_static("1"));
    trailers.append("x-sum", HeaderValue::from_static("2"));
    let body = match request.uri().path() {
        "/known" => {
            let frames = [
                Frame::data(Bytes::from_static(b"one two")),
                Frame::trailers(trailers),
            ];
            Body::new(StreamBody::new(stream::iter(
                frames.map(Ok::<_, Infallible>),
            )))
        }
        _ => pieces_and_trailers(&["one ", "two"], trailers),
    };
    let mut response = text(body);
    let fields = response.headers_mut();
    fields.insert(header::TRAILER, HeaderValue::from_static("x-told, x-sum"));
    if request.uri().path() == "/known" {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from_static("7"));
    }
    response
}

async fn trailers(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    for target in ["/", "/again"] {
        let request = run
            .get(target)
            .header("te", "trailers")
            .body(Body::empty())?;
        let (data, trailers) = connection.send(request).await?.finish().await?;
        same("the body", &data[..], b"one two")?;
        let trailers = trailers.ok_or_else(|| Failure::new("there are no trailers"))?;
        let sums: Vec<_> = trailers.get_all("x-sum").iter().collect();
        same("x-sum", sums, ["1", "2"])?;
        same(
            "whether the application was told",
            &trailers["x-told"],
            "yes",
        )?;
    }
    Ok(())
}

async fn trailers_dropped(run: Run) -> Outcome {
    for (target, te) in [("/", ""), ("/known", ""), ("/known", "TE: trailers\r\n")] {
        let mut wire = run.wire().await?;
        wire.send(format!("{}{te}\r\n", run.head("GET", target)))
            .await?;
        let reply = wire.read_reply().await?;
        same("the body", &reply.body[..], b"one two")?;
        // To a client that takes them a server may send them after all, in chunks.
        if te.is_empty() {
            same("the trailers", reply.trailers, [])?;
        }
        if !reply.head.closes() {
            wire.send(format!("{}\r\n", run.head("GET", "/after")))
                .await?;
            same(
                "the next body",
                &wire.read_reply().await?.body[..],
                b"one two",
            )?;
        }
    }
    Ok(())
}
