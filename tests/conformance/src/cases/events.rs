//! S-SSE: server-sent events as axum has them, on any server.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::any;
use bytes::BytesMut;
use futures_util::{Stream, StreamExt, stream};
use transom::{App, ApplicationBuilder, Body};

use crate::{Capability, Case, Connection, DEADLINE, Failure, Notes, Outcome, Reply, Run, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-SSE",
            "axum's `Sse` reaches the client event by event, each before the next is made.",
            one_by_one,
        )
        .with_app(app)
        .needs(&[Capability::ResponseStreaming]),
        Case::new(
            "S-SSE-KEEPALIVE",
            "What axum's `Sse` says between two events, so that nobody takes the connection for dead, is sent at once.",
            kept_alive,
        )
        .with_app(silent)
        .needs(&[Capability::ResponseStreaming]),
    ]
}

/// How many events there are.
const EVENTS: usize = 3;

fn app(notes: Notes) -> App {
    answering(move || events(notes.clone()))
}

/// Answers without an event, for longer than a client waits: what is gathered first is never sent.
fn silent(_: Notes) -> App {
    answering(|| {
        let end = tokio::time::sleep(4 * DEADLINE);
        stream::once(end).filter_map(|()| std::future::ready(None))
    })
}

fn answering<S>(events: impl Fn() -> S + Clone + Send + Sync + 'static) -> App
where
    S: Stream<Item = Result<Event, Infallible>> + Send + 'static,
{
    let events = move || {
        let events = Sse::new(events());
        let often = KeepAlive::new().interval(Duration::from_millis(20));
        async move { events.keep_alive(often.text("still here")) }
    };
    ApplicationBuilder::new().run(Router::new().fallback(any(events)))
}

/// Makes each event when the client asks for it.
fn events(notes: Notes) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    let events = stream::unfold((notes, 0), |(notes, at)| async move {
        notes.wait(&format!("go {at}")).await.ok()?;
        let event = Event::default().event("tick").id(at.to_string());
        Some((
            Ok(event.data(format!("line {at}\nand one more"))),
            (notes, at + 1),
        ))
    });
    events.take(EVENTS)
}

async fn one_by_one(run: Run) -> Outcome {
    let mut events = Events::ask(&run).await?;
    for at in 0..EVENTS {
        run.notes().say(format!("go {at}"));
        let event = events.next().await?;
        let should = format!("event: tick\nid: {at}\ndata: line {at}\ndata: and one more");
        same("the event", event.as_deref(), Some(&*should))?;
    }
    same("what follows the last", events.next().await?, None)
}

async fn kept_alive(run: Run) -> Outcome {
    let mut events = Events::ask(&run).await?;
    for _ in 0..2 {
        let comment = events.next_of_any_kind().await?;
        same("the comment", comment.as_deref(), Some(": still here"))?;
    }
    Ok(())
}

/// The client's side of the format of the HTML standard, section 9.2.
struct Events {
    /// Open as long as its events are read.
    _connection: Connection,
    reply: Reply,
    read: BytesMut,
}

impl Events {
    async fn ask(run: &Run) -> Outcome<Self> {
        let request = run.get("/").header("accept", "text/event-stream");
        let mut connection = run.connect().await?;
        let reply = connection.send(request.body(Body::empty())?).await?;
        same("the status", reply.status(), 200)?;
        let kind = &reply.headers().get("content-type");
        let kind = kind.map(http::HeaderValue::as_bytes);
        same("Content-Type", kind, Some(&b"text/event-stream"[..]))?;
        Ok(Self {
            _connection: connection,
            reply,
            read: BytesMut::new(),
        })
    }

    /// Reads the next event that is more than a comment, without the empty line behind it; `None` at the end.
    async fn next(&mut self) -> Outcome<Option<String>> {
        loop {
            match self.next_of_any_kind().await? {
                Some(event) if event.starts_with(':') => {}
                event => return Ok(event),
            }
        }
    }

    async fn next_of_any_kind(&mut self) -> Outcome<Option<String>> {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let event = self.read.split_to(end + 2);
                return Ok(Some(String::from_utf8(event[..end].to_vec())?));
            }
            match self.reply.data().await? {
                Some(data) => self.read.extend_from_slice(&data),
                None if self.read.is_empty() => return Ok(None),
                None => return Err(Failure::new("the stream ends within an event")),
            }
        }
    }
}
