//! Where a response ends.

use http::{HeaderValue, StatusCode, header};
use transom::{App, Body, Request, Response};

use super::super::settled;
use super::{Client, pieces, pieces_and_trailers, text};
use crate::{Capability, Case, Outcome, Protocol, Run, Wire, ensure, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::wire(
            "S-RES-LENGTH",
            "A body whose length is known is announced by `Content-Length` alone, an empty one as 0.",
            length,
        )
        .with_app(|_| App::new(answer)),
        Case::wire(
            "S-RES-CHUNK",
            "A body whose length is not known is chunked, and has no `Content-Length`.",
            chunked,
        )
        .with_app(|_| App::new(answer)),
        Case::new(
            "S-RES-CHUNK-EMPTY",
            "A piece of a body that is empty does not end it.",
            empty_piece,
        )
        .with_app(|_| App::new(answer)),
        Case::wire(
            "S-RES-CHUNK-10",
            "To a client of HTTP/1.0 nothing is chunked: such a body ends with the connection, and has no trailers.",
            close_delimited,
        )
        .with_app(|_| App::new(answer))
        .needs(&[Capability::Http10]),
        Case::new(
            "S-RES-CL-SHORT",
            "A body that ends before its announced length is broken off, and never padded.",
            short,
        )
        .with_app(|_| App::new(answer))
        .allows(&["L-RES-CL"]),
        Case::wire(
            "S-RES-CL-LONG",
            "No byte is sent beyond the announced length.",
            long,
        )
        .with_app(|_| App::new(answer))
        .allows(&["L-RES-CL"]),
        Case::new(
            "S-RES-CL-LONG-STREAM",
            "A body that goes on beyond its announced length is broken off, or ends there.",
            long_stream,
        )
        .on(&[Protocol::Memory, Protocol::Gateway, Protocol::Http2, Protocol::Http3])
        .with_app(|_| App::new(answer))
        .allows(&["L-RES-CL"]),
        Case::new(
            "S-RES-CL-WRONG",
            "A `Content-Length` that is no length, or not that of a body whose length is known, is not sent: \
             the answer is a 500 without content.",
            wrong,
        )
        .with_app(|_| App::new(answer))
        .allows(&["L-RES-CL"]),
        Case::new(
            "S-RES-EMBEDCRLF",
            "A body that looks like a head is a body.",
            embedded_head,
        )
        .with_app(|_| App::new(answer)),
    ]
}

const PIECES: &[&str] = &["one ", "", "two ", "three"];
const LIKE_A_HEAD: &str =
    "\r\n\r\nHTTP/1.1 404 Not Found\r\nStatus: 404\r\nContent-Length: 3\r\n\r\nabc\r\n0\r\n\r\n";

async fn answer(request: Request) -> Response {
    let mut announced: &[&str] = &[];
    let body = match request.uri().path() {
        "/known" => Body::from("hello"),
        "/nothing" => Body::empty(),
        "/pieces" => pieces(PIECES),
        "/trailers" => {
            let mut trailers = http::HeaderMap::new();
            trailers.insert("x-sum", HeaderValue::from_static("42"));
            pieces_and_trailers(PIECES, trailers)
        }
        "/announced" => {
            announced = &["13"];
            pieces(PIECES)
        }
        "/short" => {
            announced = &["14"];
            pieces(PIECES)
        }
        "/long" => {
            announced = &["9"];
            pieces(PIECES)
        }
        "/too-short" => {
            announced = &["6"];
            Body::from("hello")
        }
        "/too-long" => {
            announced = &["4"];
            Body::from("hello")
        }
        "/not-empty" => {
            announced = &["5"];
            Body::empty()
        }
        "/two-lengths" => {
            announced = &["5", "6"];
            Body::from("hello")
        }
        "/no-number" => {
            announced = &["+5"];
            Body::from("hello")
        }
        "/like-a-head" => Body::from(LIKE_A_HEAD),
        "/like-a-head-in-pieces" => pieces(&[LIKE_A_HEAD, LIKE_A_HEAD]),
        _ => Body::from("after"),
    };
    let mut response = text(body);
    for length in announced {
        response
            .headers_mut()
            .append(header::CONTENT_LENGTH, HeaderValue::from_static(length));
    }
    response
}

async fn get(run: &Run, wire: &mut Wire, target: &str) -> Outcome<crate::WireReply> {
    wire.send(format!("{}\r\n", run.head("GET", target)))
        .await?;
    let reply = wire.read_reply().await;
    reply.map_err(|failure| failure.at(target))
}

async fn length(run: Run) -> Outcome {
    for (target, length) in [("/known", 5), ("/nothing", 0), ("/announced", 13)] {
        let reply = get(&run, &mut run.wire().await?, target).await?;
        same(
            &format!("the length of {target}"),
            reply.head.content_length()?,
            Some(length),
        )?;
        same("the bytes", reply.body.len(), length)?;
        same(
            "Transfer-Encoding",
            reply.head.values("transfer-encoding"),
            [b""; 0],
        )?;
    }
    Ok(())
}

async fn chunked(run: Run) -> Outcome {
    for target in ["/pieces", "/trailers"] {
        let reply = get(&run, &mut run.wire().await?, target).await?;
        same("Content-Length", reply.head.content_length()?, None)?;
        same(
            "whether it is chunked",
            reply.head.has_token("transfer-encoding", "chunked"),
            true,
        )?;
        same("the body", &reply.body[..], b"one two three")?;
        same("the trailers, for which nobody asked", reply.trailers, [])?;
    }
    Ok(())
}

async fn empty_piece(run: Run) -> Outcome {
    Client::new(&run)
        .expect_text("/pieces", "one two three")
        .await
}

async fn close_delimited(run: Run) -> Outcome {
    for target in ["/pieces", "/trailers"] {
        let mut wire = run.wire().await?;
        wire.send(format!("GET {target} HTTP/1.0\r\n{}\r\n", run.field()))
            .await?;
        let head = wire.read_head().await?;
        same(
            "Transfer-Encoding",
            head.values("transfer-encoding"),
            [b""; 0],
        )?;
        let body = match head.content_length()? {
            // A server may find the length out first.
            Some(length) => wire.read(length).await?,
            None => wire.read_to_close().await?,
        };
        same("the body", &body[..], b"one two three")?;
        wire.expect_close().await?;
    }
    Ok(())
}

async fn short(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    // A server may find out before it has sent the head.
    if let Ok(reply) = settled("an answer", client.send("GET", "/short")).await? {
        let status = reply.status();
        let outcome = settled("the end of the body", reply.finish()).await?;
        ensure(
            outcome.is_err() || status == StatusCode::INTERNAL_SERVER_ERROR,
            format!("the client was given {outcome:?} for a body that was too short"),
        )?;
    }
    Client::new(&run).expect_text("/after", "after").await
}

async fn long(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    wire.send(format!(
        "{}Connection: close\r\n\r\n",
        run.head("GET", "/long")
    ))
    .await?;
    // A server may break off before it has sent the head.
    let sent = wire.read_to_close().await?;
    let sent = String::from_utf8_lossy(&sent);
    let (head, body) = sent.split_once("\r\n\r\n").unwrap_or_default();
    ensure(
        head.starts_with("HTTP/1.1 500") || "one two three"[..9].starts_with(body),
        format!("{sent:?} was sent"),
    )?;
    Client::new(&run).expect_text("/after", "after").await
}

async fn long_stream(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    let mut received = Vec::new();
    // A server may break off before it has sent the head.
    if let Ok(mut reply) = settled("an answer", client.send("GET", "/long")).await?
        && reply.status() == StatusCode::OK
    {
        while let Ok(Some(data)) = settled("the end of the body", reply.data()).await? {
            received.extend_from_slice(&data);
        }
        ensure(
            b"one two three"[..9].starts_with(&received),
            format!("{:?} was received", String::from_utf8_lossy(&received)),
        )?;
    }
    Client::new(&run).expect_text("/after", "after").await
}

async fn wrong(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    for target in [
        "/too-short",
        "/too-long",
        "/not-empty",
        "/two-lengths",
        "/no-number",
    ] {
        let reply = client.send("GET", target).await?;
        same(&format!("the status of {target}"), reply.status(), 500)?;
        same("the content", reply.text().await?, "")?;
        client.expect_text("/after", "after").await?;
    }
    Ok(())
}

async fn embedded_head(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    client.expect_text("/like-a-head", LIKE_A_HEAD).await?;
    client
        .expect_text("/like-a-head-in-pieces", &LIKE_A_HEAD.repeat(2))
        .await?;
    client.expect_text("/after", "after").await
}
