//! Responses without content, whatever the application returned.

use http::{HeaderValue, Method, StatusCode, header};
use transom::{App, Body, Request, Response};

use super::{Client, bare, pieces, text};
use crate::{Case, Failure, Outcome, Run, WireHead, ensure, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-RES-NOBODY",
            "A 204, 205 or 304 has no content; a 204 has no `Content-Length`, and a 205 none but 0.",
            no_content,
        )
        .with_app(|_| App::new(answer))
        .allows(&["L-RES-NOBODY", "L-RES-CL"]),
        Case::wire(
            "S-RES-NOBODY-BYTES",
            "Not a byte follows the head of a 204, 205 or 304: the next response does.",
            no_bytes,
        )
        .with_app(|_| App::new(answer))
        .allows(&["L-RES-NOBODY", "L-RES-CL"]),
        Case::new(
            "S-RES-HEAD",
            "The answer to HEAD has no content, and the `Content-Length` of the answer to GET, or none.",
            head,
        )
        .with_app(|_| App::new(answer))
        .allows(&["L-RES-CL"]),
        Case::wire(
            "S-RES-HEAD-BYTES",
            "Not a byte follows the head of the answer to HEAD: the next response does.",
            head_bytes,
        )
        .with_app(|_| App::new(answer))
        .allows(&["L-RES-CL"]),
    ]
}

const BODILESS: [u16; 3] = [204, 205, 304];
const VARIANTS: [&str; 6] = [
    "bare",
    "text",
    "pieces",
    "announced-text",
    "announced-pieces",
    "announced",
];

/// Answers `/{status}/{variant}`.
async fn answer(request: Request) -> Response {
    let mut path = request.uri().path().split('/').skip(1);
    let status = path.next().and_then(|code| code.parse().ok());
    let variant = path.next().unwrap_or_default();
    let mut response = match variant {
        "bare" | "announced" => bare(StatusCode::OK),
        "text" | "announced-text" => text("hello"),
        "pieces" | "announced-pieces" => text(pieces(&["hel", "lo"])),
        _ => text("after"),
    };
    if variant.starts_with("announced") {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, HeaderValue::from_static("5"));
        // What a GET of it would have: only HEAD may announce what does not come.
        if variant == "announced" && status == Some(200) && request.method() != Method::HEAD {
            *response.body_mut() = Body::from("hello");
        }
    }
    if let Some(status) = status.and_then(|code| StatusCode::from_u16(code).ok()) {
        *response.status_mut() = status;
    }
    response
}

async fn no_content(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    for code in BODILESS {
        for variant in VARIANTS {
            let target = format!("/{code}/{variant}");
            let reply = client.send("GET", &target).await?;
            same("the status", reply.status().as_u16(), code)?;
            let lengths: Vec<_> = reply.headers().get_all("content-length").iter().collect();
            let allowed = match code {
                204 => lengths.is_empty(),
                205 => lengths.is_empty() || lengths == ["0"],
                // That of the response to which it refers.
                _ => lengths.is_empty() || variant.starts_with("announced") && lengths == ["5"],
            };
            ensure(
                allowed,
                format!("the Content-Length of {target} is {lengths:?}"),
            )?;
            same(&format!("the content of {target}"), reply.text().await?, "")?;
        }
    }
    client.expect_text("/200/after", "after").await
}

async fn no_bytes(run: Run) -> Outcome {
    for code in BODILESS {
        for variant in VARIANTS {
            let head = bytes_between(&run, "GET", &format!("/{code}/{variant}")).await?;
            same("the status", head.status, code)?;
        }
    }
    Ok(())
}

async fn head(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    for (variant, known) in [
        ("text", true),
        ("pieces", false),
        ("announced-text", true),
        ("announced-pieces", true),
        ("announced", true),
    ] {
        let target = format!("/200/{variant}");
        let reply = client.send("HEAD", &target).await?;
        same("the status", reply.status(), 200)?;
        let lengths: Vec<_> = reply.headers().get_all("content-length").iter().collect();
        match known {
            true => same(&format!("the Content-Length of {target}"), lengths, ["5"])?,
            false => same(&format!("the Content-Length of {target}"), lengths, [""; 0])?,
        }
        same("the content", reply.text().await?, "")?;
        client.expect_text(&target, "hello").await?;
    }
    Ok(())
}

async fn head_bytes(run: Run) -> Outcome {
    for variant in VARIANTS {
        let target = format!("/200/{variant}");
        let head = bytes_between(&run, "HEAD", &target).await?;
        let length = head.content_length()?;
        // What the application did not say, nobody knows.
        let allowed = match variant {
            "bare" | "pieces" => length.is_none(),
            _ => length == Some(5),
        };
        ensure(
            allowed,
            format!("the Content-Length of {target} is {length:?}"),
        )?;
    }
    Ok(())
}

/// Sends a request and another behind it, and fails on any byte between the head of the first response
/// and the second response.
async fn bytes_between(run: &Run, method: &str, target: &str) -> Outcome<WireHead> {
    let mut wire = run.wire().await?;
    wire.send(format!("{}\r\n", run.head(method, target)))
        .await?;
    let head = wire.read_head().await?;
    if head.closes() {
        wire.expect_close().await?;
        return Ok(head);
    }
    wire.send(format!("{}\r\n", run.head("GET", "/200/after")))
        .await?;
    let next = wire.read_reply().await;
    let next = next.map_err(|failure| failure.at(format!("behind {method} {target}")))?;
    match &next.body[..] {
        b"after" => Ok(head),
        other => Err(Failure::new(format!(
            "behind {method} {target} comes {:?}",
            String::from_utf8_lossy(other)
        ))),
    }
}
