//! Whether the connection can be used again.

use http::{StatusCode, Version};
use transom::{App, Request, Response};

use super::{bare, pieces, text};
use crate::{Capability, Case, Outcome, Run, Wire, WireHead, ensure, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::wire(
            "S-RES-KEEP",
            "A connection of HTTP/1.1 stays open after every kind of response.",
            keep,
        )
        .with_app(|_| App::new(answer))
        .needs(&[Capability::KeepAlive]),
        Case::wire(
            "S-RES-KEEP-CLOSE",
            "A client that asks for the end of the connection is told of it, and gets it after the response.",
            close_when_asked,
        )
        .with_app(|_| App::new(answer)),
        Case::wire(
            "S-RES-KEEP-10",
            "A connection of HTTP/1.0 stays open if the client asks for it and the length is known, and is \
             told so; else it is closed.",
            keep_10,
        )
        .with_app(|_| App::new(answer))
        .needs(&[Capability::Http10, Capability::KeepAlive]),
    ]
}

async fn answer(request: Request) -> Response {
    let path = request.uri().path();
    match path
        .trim_start_matches('/')
        .parse()
        .ok()
        .map(StatusCode::from_u16)
    {
        Some(Ok(status)) => bare(status),
        _ if path == "/pieces" => text(pieces(&["one ", "two"])),
        _ if request.version() == Version::HTTP_10 => text("of 1.0"),
        _ => text("hello"),
    }
}

async fn keep(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    for (method, target) in [
        ("GET", "/text"),
        ("GET", "/pieces"),
        ("HEAD", "/text"),
        ("HEAD", "/pieces"),
        ("GET", "/200"),
        ("GET", "/204"),
        ("GET", "/205"),
        ("GET", "/304"),
        ("GET", "/301"),
        ("DELETE", "/404"),
        ("OPTIONS", "/405"),
        ("GET", "/500"),
        ("GET", "/503"),
        ("GET", "/text"),
    ] {
        wire.send(format!("{}\r\n", run.head(method, target)))
            .await?;
        let head = wire.read_head().await;
        let head = head.map_err(|failure| failure.at(format!("{method} {target}")))?;
        ensure(
            !head.closes(),
            format!("{method} {target} closes the connection"),
        )?;
        if method != "HEAD" {
            wire.read_body(head).await?;
        }
    }
    Ok(())
}

async fn close_when_asked(run: Run) -> Outcome {
    for target in ["/text", "/pieces", "/204", "/500"] {
        let mut wire = run.wire().await?;
        let head = run.head("GET", target);
        wire.send(format!("{head}Connection: close\r\n\r\n"))
            .await?;
        let reply = wire.read_reply().await?;
        let told = reply.head.has_token("connection", "close");
        ensure(told, format!("{target} does not say that it closes"))?;
        wire.expect_close().await?;
    }
    Ok(())
}

async fn keep_10(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    for _ in 0..2 {
        let head = get_10(&run, &mut wire, "/text", "Connection: keep-alive\r\n").await?;
        let told = head.has_token("connection", "keep-alive");
        ensure(
            told,
            "the client is not told that the connection stays open",
        )?;
        same("the body", &wire.read_body(head).await?.body[..], b"of 1.0")?;
    }
    // The end of this one is the end of the connection.
    let head = get_10(&run, &mut wire, "/pieces", "Connection: keep-alive\r\n").await?;
    if head.content_length()?.is_none() {
        let told = head.has_token("connection", "keep-alive");
        ensure(
            !told,
            "the client is told that a connection stays open whose end it awaits",
        )?;
        same(
            "the body",
            &wire.read_body(head).await?.body[..],
            b"one two",
        )?;
    }

    let mut wire = run.wire().await?;
    let head = get_10(&run, &mut wire, "/text", "").await?;
    let told = head.has_token("connection", "keep-alive");
    ensure(
        !told,
        "the connection stays open, and the client did not ask for it",
    )?;
    same("the body", &wire.read_body(head).await?.body[..], b"of 1.0")?;
    wire.expect_close().await
}

async fn get_10(run: &Run, wire: &mut Wire, target: &str, fields: &str) -> Outcome<WireHead> {
    let field = run.field();
    wire.send(format!("GET {target} HTTP/1.0\r\n{field}{fields}\r\n"))
        .await?;
    wire.read_head().await
}
