//! What becomes of a body that the application does not read.

use http_body_util::BodyExt;
use transom::adapter::body_pump;
use transom::{App, Body, Request, Response};

use crate::{Capability, Case, Notes, Outcome, Run, Wire, ensure, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::wire(
            "S-BODY-UNREAD",
            "A body that is not read does not hinder the answer, and is never taken for the next request.",
            unread,
        )
        .with_app(|notes| App::new(move |request| ignore(request, notes.clone()))),
        Case::new(
            "S-BODY-DROP",
            "An application may drop a body half-way, and answer.",
            dropped,
        )
        .with_app(|notes| App::new(move |request| read_one(request, notes.clone())))
        .needs(&[Capability::RequestStreaming]),
    ]
}

async fn ignore(request: Request, notes: Notes) -> Response {
    notes.say(request.uri().path());
    Response::new(Body::from("ignored"))
}

async fn unread(run: Run) -> Outcome {
    for size in [1, 500] {
        let mut wire = run.wire().await?;
        let hidden = format!("{}\r\n", run.head("GET", "/hidden")).repeat(size);
        let head = run.head("POST", "/first");
        wire.send(format!("{head}Content-Length: {}\r\n\r\n", hidden.len()))
            .await?;
        wire.send_if_open(&hidden).await?;
        let reply = wire.read_reply().await?;
        same("the body of the answer", &reply.body[..], b"ignored")?;
        goes_on_or_closes(&run, &mut wire).await?;
    }
    let words = run.notes().words();
    ensure(
        !words.iter().any(|word| word == "/hidden"),
        "the unread body was taken for a request",
    )
}

/// The next request is answered, or the connection closed; there is no third.
async fn goes_on_or_closes(run: &Run, wire: &mut Wire) -> Outcome {
    let head = run.head("GET", "/second");
    wire.send_if_open(format!("{head}Connection: close\r\n\r\n"))
        .await?;
    let rest = wire.read_to_close().await?;
    let rest = String::from_utf8_lossy(&rest);
    ensure(
        rest.is_empty() || rest.starts_with("HTTP/1.1 200") && rest.ends_with("ignored"),
        format!("the next answer is {rest:?}"),
    )
}

async fn read_one(request: Request, notes: Notes) -> Response {
    let mut body = request.into_body();
    let first = body.frame().await.is_some_and(|frame| frame.is_ok());
    drop(body);
    notes.say(format!("first: {first}"));
    Response::new(Body::from("enough"))
}

async fn dropped(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let (mut sender, body) = body_pump(None);
    let request = run.post_streamed("/", 2 * 1024).body(body)?;
    let answer = tokio::spawn(async move { connection.send(request).await?.text().await });
    sender.data(vec![b'x'; 1024]).await?;
    run.notes().wait("first: true").await?;
    // Whether the server still takes it is its own business.
    let _ = sender.data(vec![b'x'; 1024]).await;
    same("the answer", answer.await??, "enough")?;
    drop(sender);
    // The server is as well as before.
    let request = run.post("/").body(Body::from("whole"))?;
    let mut connection = run.connect().await?;
    let reply = connection.send(request).await?;
    same("the next answer", reply.text().await?, "enough")
}
