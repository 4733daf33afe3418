//! S-SMUGGLE: requests whose end two servers could see in different places.

use crate::{Case, Outcome, Run, ensure, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::wire(
            "S-SMUGGLE-CL-DOUBLE",
            "Two different `Content-Length` fields are refused with 400, and the connection is closed.",
            |run| is_refused(run, "Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"),
        ),
        Case::wire(
            "S-SMUGGLE-CL-SIGN",
            "A `Content-Length` with a sign is refused with 400, and the connection is closed.",
            |run| is_refused(run, "Content-Length: +5\r\n", "hello"),
        ),
    ]
}

/// Sends a POST with these fields, and a body that may be read as it is.
async fn is_refused(run: Run, fields: &'static str, body: &'static str) -> Outcome {
    let head = run.head("POST", "/");
    bytes_are_refused(&run, &format!("{head}{fields}\r\n{body}")).await
}

/// Sends bytes that no server may take for a request.
async fn bytes_are_refused(run: &Run, bytes: &str) -> Outcome {
    let mut wire = run.wire().await?;
    wire.send(bytes).await?;
    // What would be taken for the next request if the server went on.
    wire.send_if_open(format!("{}\r\n", run.head("GET", "/smuggled")))
        .await?;
    let reply = wire.read_reply().await?;
    same("the status", reply.head.status, 400)?;
    wire.expect_close().await?;
    ensure(
        run.notes().seen().is_empty(),
        "the application saw a request that should have been refused",
    )
}
