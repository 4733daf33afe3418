//! The end of a body, whichever it is.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, header};
use http_body::Frame;
use transom::{App, Body, Request, Response};

use super::super::settled;
use super::{Client, text};
use crate::{Capability, Case, Notes, Outcome, Protocol, Run, ensure, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-RES-ERRMID",
            "A body that fails is broken off, never made to look complete; other requests do not notice.",
            fails,
        )
        .with_app(|notes| App::new(move |request| answer(request, notes.clone())))
        .allows(&["L-RES-CL"]),
        Case::wire(
            "S-RES-ERRMID-BYTES",
            "A chunked body that fails has no last chunk: the connection is closed in the middle.",
            fails_on_the_wire,
        )
        .with_app(|notes| App::new(move |request| answer(request, notes.clone()))),
        Case::wire(
            "S-RES-ERRMID-10",
            "A body that fails, and whose end to a client of HTTP/1.0 is that of the connection, ends with a \
             reset.",
            fails_without_a_length,
        )
        .with_app(|notes| App::new(move |request| answer(request, notes.clone())))
        .needs(&[Capability::Http10]),
        Case::new(
            "S-RES-CLOSE",
            "The body is dropped once: at its end, or at once where it is not sent.",
            dropped,
        )
        .with_app(|notes| App::new(move |request| answer(request, notes.clone())))
        .allows(&["L-RES-NOBODY"]),
        Case::new(
            "S-RES-CLOSE-ABORT",
            "The body is dropped, once, when the client goes away.",
            dropped_on_abort,
        )
        .with_app(|notes| App::new(move |request| answer(request, notes.clone())))
        .needs(&[Capability::ResponseStreaming])
        .needs_on(Protocol::Gateway, Capability::DisconnectH1),
    ]
}

/// A body that says when it is dropped.
struct Told {
    piece: Bytes,
    notes: Notes,
    left: usize,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    Well,
    Fails,
}

impl http_body::Body for Told {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left > 0 {
            self.left -= 1;
            return Poll::Ready(Some(Ok(Frame::data(self.piece.clone()))));
        }
        match self.end {
            End::Well => Poll::Ready(None),
            End::Fails if self.notes.count("sent") == 0 => {
                // Gives what is before it the time to be sent.
                self.notes.say("sent");
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            End::Fails => Poll::Ready(Some(Err(io::Error::other("the body failed")))),
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.notes.say("dropped");
    }
}

async fn answer(request: Request, notes: Notes) -> Response {
    let told = |left, end| {
        text(Body::new(Told {
            piece: Bytes::from_static(b"piece "),
            notes: notes.clone(),
            left,
            end,
        }))
    };
    match request.uri().path() {
        "/fails" => told(2, End::Fails),
        "/fails-at-once" => told(0, End::Fails),
        "/fails-announced" => {
            let mut response = told(2, End::Fails);
            let fields = response.headers_mut();
            fields.insert(header::CONTENT_LENGTH, HeaderValue::from_static("18"));
            response
        }
        "/well" => told(2, End::Well),
        "/no-content" => {
            let mut response = told(2, End::Well);
            *response.status_mut() = http::StatusCode::NO_CONTENT;
            response
        }
        // Far more than sockets hold, so that its end is never reached unless somebody reads.
        "/endless" => text(Body::new(Told {
            piece: Bytes::from_static(&[b'x'; 16 * 1024]),
            notes: notes.clone(),
            left: usize::MAX,
            end: End::Well,
        })),
        _ => text("after"),
    }
}

async fn fails(run: Run) -> Outcome {
    for target in ["/fails", "/fails-at-once", "/fails-announced"] {
        let mut connection = run.connect().await?;
        let beside = connection.share();
        let request = run.get(target).body(Body::empty())?;
        let reply = settled("an answer", connection.send(request)).await?;
        // A server may break off before it has sent the head, or find out early enough to say so.
        if let Ok(reply) = reply
            && reply.status() != 500
        {
            let body = settled("the end of the body", reply.finish()).await?;
            let broken = body.is_err();
            ensure(
                broken,
                format!("{target} is complete for the client: {body:?}"),
            )?;
        }
        if let Ok(mut beside) = beside {
            let reply = beside.send(run.get("/after").body(Body::empty())?).await?;
            same(
                "the answer on the same connection",
                reply.text().await?,
                "after",
            )?;
        }
        Client::new(&run).expect_text("/after", "after").await?;
    }
    Ok(())
}

async fn fails_on_the_wire(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    wire.send(format!("{}\r\n", run.head("GET", "/fails")))
        .await?;
    let head = wire.read_head().await?;
    let sent = wire.read_to_close().await?;
    if head.status != 500 {
        let end = sent.ends_with(b"0\r\n\r\n");
        ensure(!end, "the failed body has a last chunk")?;
        same(
            "whether it is chunked",
            head.has_token("transfer-encoding", "chunked"),
            true,
        )?;
    }
    Ok(())
}

async fn fails_without_a_length(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    wire.send(format!("GET /fails HTTP/1.0\r\n{}\r\n", run.field()))
        .await?;
    let head = wire.read_head().await?;
    if head.status == 200 {
        let announced = head.content_length()?;
        let sent = wire.read_to_reset().await;
        if announced.is_none() {
            ensure(
                b"piece piece ".starts_with(&sent?),
                "something else was sent",
            )?;
        }
    }
    Ok(())
}

async fn dropped(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    for (at, (method, target)) in [("GET", "/well"), ("HEAD", "/well"), ("GET", "/no-content")]
        .into_iter()
        .enumerate()
    {
        let reply = client.send(method, target).await?;
        reply.finish().await?;
        run.notes().wait_for("dropped", at + 1).await?;
    }
    client.expect_text("/after", "after").await?;
    same(
        "how often three bodies were dropped",
        run.notes().count("dropped"),
        3,
    )
}

async fn dropped_on_abort(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    let mut reply = client.send("GET", "/endless").await?;
    reply.data().await?;
    same(
        "how often it was dropped before",
        run.notes().count("dropped"),
        0,
    )?;
    drop(reply);
    drop(client);
    run.notes().wait("dropped").await?;
    Client::new(&run).expect_text("/after", "after").await?;
    same("how often it was dropped", run.notes().count("dropped"), 1)
}
