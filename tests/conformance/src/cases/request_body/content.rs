//! What the body is: its bytes, its end, its trailers, and how it breaks off.

use http::{HeaderMap, HeaderValue};
use http_body::Body as _;
use http_body_util::BodyExt;
use transom::adapter::body_pump;
use transom::{App, Body, Request, Response};

use crate::{Capability, Case, Notes, Outcome, Run, ensure, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-BODY-CL",
            "A body is the bytes that the client sent, whatever they are.",
            content_length,
        ),
        Case::wire(
            "S-BODY-CHUNKED",
            "The framing of a chunked body, with its extensions, is taken off.",
            chunked,
        ),
        Case::new(
            "S-BODY-EMPTY",
            "A body without content says so before it is read.",
            empty,
        )
        .with_app(|notes| App::new(move |request| look(request, notes.clone()))),
        Case::new(
            "S-BODY-TRAILERS",
            "The trailers of a request come once, after its data.",
            trailers,
        )
        .needs(&[Capability::RequestTrailers]),
        Case::new(
            "S-BODY-TRUNC",
            "A body that the client broke off ends with an error, or cancels the request; it never just ends.",
            truncated,
        )
        .with_app(|notes| App::new(move |request| follow(request, notes.clone())))
        .needs(&[Capability::RequestStreaming]),
        Case::wire(
            "S-BODY-TRUNC-CL",
            "A body that is shorter than its `Content-Length` ends with an error, or cancels the request.",
            |run| cut_off(run, "Content-Length: 10\r\n\r\nhello"),
        )
        .with_app(|notes| App::new(move |request| follow(request, notes.clone()))),
        Case::wire(
            "S-BODY-TRUNC-CHUNKED",
            "A chunked body without its last chunk ends with an error, or cancels the request.",
            |run| cut_off(run, "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        )
        .with_app(|notes| App::new(move |request| follow(request, notes.clone()))),
    ]
}

async fn content_length(run: Run) -> Outcome {
    let sent: Vec<u8> = (0..100_000_u32)
        .map(|at| (at.wrapping_mul(at) >> 7) as u8)
        .collect();
    let seen = run
        .observe_with(run.post("/"), Body::from(sent.clone()))
        .await?;
    same("the length of the body", seen.body.len(), sent.len())?;
    same("whether the bytes are the same", seen.body == sent, true)
}

async fn chunked(run: Run) -> Outcome {
    let head = run.head("POST", "/");
    let body = "5\r\nhello\r\n0001;a=b;c=\"d\"\r\n,\r\nA\r\n 0\r\n\r\n.\r\n\r\r\n0;last\r\n\r\n";
    let request = format!("{head}Transfer-Encoding: chunked\r\n\r\n{body}");
    let seen = run.observe_bytes(request).await?;
    same("the body", &seen.body[..], b"hello, 0\r\n\r\n.\r\n\r")
}

async fn look(request: Request, notes: Notes) -> Response {
    let mut body = request.into_body();
    notes.say(format!("ended: {}", body.is_end_stream()));
    notes.say(format!("length: {:?}", body.size_hint().exact()));
    notes.say(format!("nothing: {}", body.frame().await.is_none()));
    Response::new(Body::empty())
}

async fn empty(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    connection.send(run.get("/").body(Body::empty())?).await?;
    same(
        "what the body said",
        run.notes().words(),
        ["ended: true", "length: Some(0)", "nothing: true"],
    )
}

async fn trailers(run: Run) -> Outcome {
    let mut trailers = HeaderMap::new();
    trailers.append("x-sum", HeaderValue::from_static("42"));
    trailers.append("x-sum", HeaderValue::from_static("43"));
    let request = run.post("/").header("trailer", "x-sum");
    let chunks = ["he", "llo"].map(Ok::<_, std::io::Error>);
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    let seen = run
        .observe_with(request, body.with_trailers(trailers.clone()))
        .await?;
    same("the body", &seen.body[..], b"hello")?;
    same("the trailers", &seen.trailers[..], [trailers])
}

/// Says how the body ends; `dropped` if it is not there to see it.
async fn follow(request: Request, notes: Notes) -> Response {
    struct Dropped(Option<Notes>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            if let Some(notes) = &self.0 {
                notes.say("dropped");
            }
        }
    }

    let mut body = request.into_body();
    let mut dropped = Dropped(Some(notes.clone()));
    let end = loop {
        match body.frame().await {
            Some(Ok(frame)) => {
                notes.add("read", frame.data_ref().map_or(0, bytes::Bytes::len));
                notes.say("reading");
            }
            Some(Err(_)) => break "broken off",
            None => break "ended",
        }
    };
    dropped.0 = None;
    notes.say(end);
    Response::new(Body::empty())
}

async fn truncated(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let (mut sender, body) = body_pump(None);
    let request = run.post_streamed("/", 10).body(body)?;
    let sending = tokio::spawn(async move { drop(connection.send(request).await) });
    sender.data("hello").await?;
    run.notes().wait("reading").await?;
    // Not finished: the client breaks off.
    drop(sender);
    breaks_off(&run).await?;
    sending.abort();
    Ok(())
}

async fn cut_off(run: Run, rest: &'static str) -> Outcome {
    let mut wire = run.wire().await?;
    wire.send(format!("{}{rest}", run.head("POST", "/")))
        .await?;
    run.notes().wait("reading").await?;
    wire.half_close().await?;
    breaks_off(&run).await
}

async fn breaks_off(run: &Run) -> Outcome {
    let end = run
        .notes()
        .wait_any(&["ended", "broken off", "dropped"])
        .await?;
    ensure(
        end != "ended",
        "the body just ended, although the client broke it off",
    )?;
    same("the number of bytes read", run.notes().sum("read"), 5)
}
