//! How long the body may be.

use http_body_util::BodyExt;
use transom::adapter::body_pump;
use transom::features::MaxRequestBodySize;
use transom::{App, Body, Request, RequestExt, Response};

use crate::{Capability, Case, Notes, Outcome, Run, ensure, observe, same};

const LIMIT: u64 = 10;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-BODY-LIMIT",
            "A body that is announced longer than `MaxRequestBodySize` is an error before it is read.",
            announced,
        )
        .with_app(|notes| App::new(move |request| limited(request, notes.clone()))),
        Case::new(
            "S-BODY-LIMIT-STREAMED",
            "A body that grows longer than `MaxRequestBodySize` is an error at the byte that is too many.",
            streamed,
        )
        .with_app(|notes| App::new(move |request| limited(request, notes.clone())))
        .needs(&[Capability::RequestStreaming]),
        Case::wire(
            "S-BODY-LIMIT-DEFAULT",
            "Where nobody sets another, the limit is 30,000,000 bytes.",
            default,
        ),
        Case::new(
            "S-BODY-LIMIT-LATE",
            "The limit refuses to change once the body is being read.",
            late,
        )
        .with_app(|notes| App::new(move |request| change_late(request, notes.clone()))),
    ]
}

async fn limited(request: Request, notes: Notes) -> Response {
    let set = request
        .feature::<MaxRequestBodySize>()
        .map(|limit| limit.set(Some(LIMIT)));
    if !matches!(set, Some(Ok(()))) {
        notes.say("not set");
    }
    observe(request, notes).await
}

async fn announced(run: Run) -> Outcome {
    let seen = run
        .observe_with(run.post("/"), Body::from("0123456789"))
        .await?;
    same("the length of a body at the limit", seen.body.len(), 10)?;

    let request = run.post("/").body(Body::from("0123456789A"))?;
    let mut connection = run.connect().await?;
    let reply = connection.send(request).await?;
    same("the status", reply.status(), 413)?;
    let seen = run.notes().request(1).await?;
    let refused = seen
        .error
        .as_ref()
        .is_some_and(|error| error.is_length_limit());
    ensure(refused, format!("the error is {:?}", seen.error))?;
    same("the number of bytes read", seen.body.len(), 0)?;
    same("whether the limit was set", run.notes().words(), [""; 0])
}

async fn streamed(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let (mut sender, body) = body_pump(None);
    let request = run.post("/").body(body)?;
    let answer = tokio::spawn(async move { connection.send(request).await });
    sender.data("012345").await?;
    sender.data("6789AB").await?;
    sender.finish();
    same("the status", answer.await??.status(), 413)?;
    let seen = run.notes().request(0).await?;
    let refused = seen
        .error
        .as_ref()
        .is_some_and(|error| error.is_length_limit());
    ensure(refused, format!("the error is {:?}", seen.error))?;
    ensure(
        seen.body.len() as u64 <= LIMIT,
        format!("{} bytes were read", seen.body.len()),
    )
}

async fn default(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    let head = run.head("POST", "/");
    // The body need not follow: the announcement is enough.
    wire.send(format!("{head}Content-Length: 30000001\r\n\r\n"))
        .await?;
    same("the status", wire.read_reply().await?.head.status, 413)?;
    let seen = run.notes().request(0).await?;
    let limit = seen.features.require::<MaxRequestBodySize>()?.limit();
    same("the limit", limit, Some(30_000_000))
}

async fn change_late(request: Request, notes: Notes) -> Response {
    let limit = request.feature::<MaxRequestBodySize>().cloned();
    let mut body = request.into_body();
    let _ = body.frame().await;
    if let Some(limit) = limit {
        notes.say(format!("read-only: {}", limit.is_read_only()));
        notes.say(format!("refused: {}", limit.set(Some(1)).is_err()));
    }
    Response::new(Body::empty())
}

async fn late(run: Run) -> Outcome {
    let request = run.post("/").body(Body::from("hello"))?;
    run.connect().await?.send(request).await?;
    same(
        "what the limit said",
        run.notes().words(),
        ["read-only: true", "refused: true"],
    )
}
