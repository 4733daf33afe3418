//! S-SMUGGLE: requests whose end two servers could see in different places.

use crate::{Case, Outcome, Run, ensure, same};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = heads();
    cases.extend(chunks());
    cases
}

/// Heads that are refused before the application is called.
fn heads() -> Vec<Case> {
    macro_rules! refused {
        ($($id:literal: $what:literal, $fields:expr, $body:expr;)*) => {
            vec![$(Case::wire(
                $id,
                concat!($what, " is refused with 400, and the connection closed."),
                |run| is_refused(run, $fields, $body),
            ),)*]
        };
    }
    refused! {
        "S-SMUGGLE-CL-DOUBLE": "A second, different `Content-Length`",
            "Content-Length: 5\r\nContent-Length: 6\r\n", "hello!";
        "S-SMUGGLE-CL-SIGN": "A `Content-Length` with a sign",
            "Content-Length: +5\r\n", "hello";
        "S-SMUGGLE-CL-SPACE": "A `Content-Length` with a blank in it",
            "Content-Length: 5 0\r\n", "hello";
        "S-SMUGGLE-CL-LIST": "A `Content-Length` that lists two numbers",
            "Content-Length: 5, 6\r\n", "hello!";
        "S-SMUGGLE-CL-HEX": "A `Content-Length` that is not decimal",
            "Content-Length: 0x5\r\n", "hello";
        "S-SMUGGLE-CL-OVERFLOW": "A `Content-Length` that does not fit 64 bits",
            "Content-Length: 18446744073709551621\r\n", "hello";
        "S-SMUGGLE-TE-LAST": "A `Transfer-Encoding` that does not end with `chunked`",
            "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n";
        "S-SMUGGLE-NAME-SPACE": "A blank between the name of a field and its colon",
            "Content-Length : 5\r\n", "hello";
        "S-SMUGGLE-NAME-EMPTY": "A field without a name",
            ": 5\r\n", "";
        "S-SMUGGLE-OBS-FOLD": "A field that goes on in a second line",
            "X-Folded: a\r\n Content-Length: 5\r\n", "";
        "S-SMUGGLE-CR": "A bare CR in a value",
            "X-Bare: a\rContent-Length: 5\r\n", "";
        "S-SMUGGLE-NUL": "A NUL in a value",
            "X-Nul: a\0b\r\n", "";
    }
}

/// Requests that go wrong in another way.
fn chunks() -> Vec<Case> {
    vec![
        Case::wire(
            "S-SMUGGLE-CLTE",
            "`Content-Length` beside `Transfer-Encoding`, in either order, is refused with 400 or does not count; the connection is closed.",
            both_lengths,
        ),
        Case::wire(
            "S-SMUGGLE-TE-UNKNOWN",
            "A transfer coding that is not known is refused with 400 or 501, and the connection closed.",
            transfer_encoding_unknown,
        ),
        Case::wire(
            "S-SMUGGLE-TE-10",
            "`Transfer-Encoding` in HTTP/1.0 is refused with 400, and the connection closed.",
            transfer_encoding_10,
        ),
        Case::wire(
            "S-SMUGGLE-CHUNK-SIZE",
            "A chunk size that is no hexadecimal number breaks the body off, and the connection is closed.",
            |run| {
                chunks_are_refused(
                    run,
                    &[
                        "+5\r\nhello\r\n",
                        "0x5\r\nhello\r\n",
                        "\r\nhello\r\n",
                        "5 5\r\nhello\r\n",
                    ],
                )
            },
        ),
        Case::wire(
            "S-SMUGGLE-CHUNK-OVERFLOW",
            "A chunk size that does not fit 64 bits breaks the body off, and the connection is closed.",
            |run| chunks_are_refused(run, &["10000000000000005\r\nhello\r\n"]),
        ),
        Case::wire(
            "S-SMUGGLE-CHUNK-END",
            "Data behind a chunk that is longer than its size breaks the body off, and the connection is closed.",
            |run| chunks_are_refused(run, &["5\r\nhello!\r\n"]),
        ),
    ]
}

/// Sends a POST with these fields, and a body that a careless server would take.
async fn is_refused(run: Run, fields: &'static str, body: &'static str) -> Outcome {
    let head = run.head("POST", "/");
    bytes_are_refused(&run, &format!("{head}{fields}\r\n{body}"), &[400]).await
}

/// RFC 9112, section 6.3, lets a server choose, but not keep the connection.
async fn both_lengths(run: Run) -> Outcome {
    let (cl, te) = ("Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n");
    for fields in [format!("{cl}{te}"), format!("{te}{cl}")] {
        let mut wire = run.wire().await?;
        let head = run.head("POST", "/");
        let next = format!("{}\r\n", run.head("GET", "/smuggled"));
        wire.send(format!("{head}{fields}\r\n2\r\nok\r\n0\r\n\r\n{next}"))
            .await?;
        let status = wire.read_reply().await?.head.status;
        ensure(
            matches!(status, 200 | 400),
            format!("the status is {status}, and should be 200 or 400"),
        )?;
        wire.expect_close().await?;
    }
    for seen in run.notes().seen() {
        same("the path", seen.uri.path(), "/")?;
        same("the body", &seen.body[..], b"ok")?;
        same(
            "the number of lengths",
            seen.values("content-length").len(),
            0,
        )?;
    }
    Ok(())
}

async fn transfer_encoding_unknown(run: Run) -> Outcome {
    let head = run.head("POST", "/");
    let request = format!("{head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n");
    bytes_are_refused(&run, &request, &[400, 501]).await
}

async fn transfer_encoding_10(run: Run) -> Outcome {
    let field = run.field();
    let request = format!("POST / HTTP/1.0\r\n{field}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    bytes_are_refused(&run, &request, &[400]).await
}

/// Sends what no server may take for a request, and something that could be taken for the next.
async fn bytes_are_refused(run: &Run, request: &str, statuses: &[u16]) -> Outcome {
    let mut wire = run.wire().await?;
    let next = format!("{}\r\n", run.head("GET", "/smuggled"));
    wire.send(format!("{request}{next}")).await?;
    let status = wire.read_reply().await?.head.status;
    ensure(
        statuses.contains(&status),
        format!("the status is {status}, and should be one of {statuses:?}"),
    )?;
    wire.expect_close().await?;
    ensure(
        run.notes().seen().is_empty(),
        "the application saw a request that should have been refused",
    )
}

/// The head is good, so that the application may see the request, but not its body's end.
async fn chunks_are_refused(run: Run, chunks: &'static [&'static str]) -> Outcome {
    for chunk in chunks {
        let mut wire = run.wire().await?;
        let head = run.head("POST", "/");
        let next = format!("{}\r\n", run.head("GET", "/smuggled"));
        let body = format!("Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n");
        wire.send(format!("{head}{body}{next}")).await?;
        // One answer, or none.
        if let Ok(head) = wire.read_head().await {
            wire.read_body(head).await?;
        }
        wire.expect_close().await?;
        for seen in run.notes().seen() {
            ensure(
                seen.error.is_some(),
                format!("{chunk:?}: the body ended well"),
            )?;
            same("the path", seen.uri.path(), "/")?;
        }
    }
    Ok(())
}
