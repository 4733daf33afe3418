//! Clients that wait for `100 Continue`.

use std::time::Duration;

use transom::{App, Body, Request, Response};

use crate::{Capability, Case, Notes, Outcome, Run, ensure, observe, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::wire(
            "S-BODY-100",
            "A client that waits for `100 Continue` gets it when the body is read.",
            continues,
        ),
        Case::wire(
            "S-BODY-100-LAZY",
            "`100 Continue` is not sent before the body is read.",
            continues_late,
        )
        .with_app(|notes| App::new(move |request| wait(request, notes.clone())))
        .needs(&[Capability::ContinueLazy]),
        Case::wire(
            "S-BODY-100-NEVER",
            "`100 Continue` is not sent if the application answers without reading.",
            never_continues,
        )
        .with_app(|_| App::new(refuse))
        .needs(&[Capability::ContinueLazy]),
    ]
}

const EXPECT: &str = "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n";

async fn continues(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    wire.send(format!("{}{EXPECT}", run.head("POST", "/")))
        .await?;
    same("the first status", wire.read_head().await?.status, 100)?;
    wire.send("hello").await?;
    same("the last status", wire.read_reply().await?.head.status, 200)?;
    same(
        "the body",
        &run.notes().request(0).await?.body[..],
        b"hello",
    )
}

async fn wait(request: Request, notes: Notes) -> Response {
    notes.say("called");
    let _ = notes.wait("go").await;
    observe(request, notes).await
}

async fn continues_late(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    wire.send(format!("{}{EXPECT}", run.head("POST", "/")))
        .await?;
    run.notes().wait("called").await?;
    ensure(
        wire.is_silent_for(Duration::from_millis(50)).await,
        "the server said something before the body was read",
    )?;
    run.notes().say("go");
    same("the first status", wire.read_head().await?.status, 100)?;
    wire.send("hello").await?;
    same("the last status", wire.read_reply().await?.head.status, 200)
}

async fn refuse(_: Request) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = http::StatusCode::FORBIDDEN;
    response
}

async fn never_continues(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    wire.send(format!("{}{EXPECT}", run.head("POST", "/")))
        .await?;
    same("the only status", wire.read_head().await?.status, 403)
}
