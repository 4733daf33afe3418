//! S-PROXY: a proxy says by the PROXY protocol on whose behalf a connection is.

use std::time::{Duration, Instant};

use transom::features::{ConnectionInfo, Endpoint};
use transom::{App, Request, RequestExt};

use super::held::{SOON, text};
use crate::{Capability, Case, Edge, Outcome, Run, ensure, same, within_for};

const LINE: &[u8] = b"PROXY TCP4 192.0.2.1 192.0.2.2 49152 443\r\n";
const BLOCK: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\xc0\x00\x01\xbb";

pub(super) fn cases() -> Vec<Case> {
    vec![
        behind_a_proxy(
            "S-PROXY",
            "The ends that a trusted proxy tells, in either version of the PROXY protocol, are those of the \
             connection.",
            ends,
        ),
        behind_a_proxy(
            "S-PROXY-BAD",
            "What a trusted proxy sends instead of a header is not answered, and ends the connection.",
            bad,
        ),
        behind_a_proxy(
            "S-T-PROXY",
            "A header of the PROXY protocol that stalls has the time of the first head.",
            stalled,
        ),
    ]
}

fn behind_a_proxy<F, Running>(id: &'static str, says: &'static str, client: F) -> Case
where
    F: Fn(Run) -> Running + Send + Sync + 'static,
    Running: Future<Output = Outcome> + Send + 'static,
{
    Case::lifecycle(id, says, client).needs(&[Capability::Http1, Capability::ProxyProtocol])
}

const SHORT: Duration = Duration::from_millis(250);

fn edge() -> Edge {
    Edge {
        head_timeout: Some(SHORT),
        proxy_protocol: true,
        ..Edge::default()
    }
}

/// Answers with both ends of the connection.
fn tells() -> App {
    App::new(|request: Request| async move {
        let info = request.feature::<ConnectionInfo>();
        let shown = |end: Option<&Endpoint>| end.map(ToString::to_string).unwrap_or_default();
        let local = shown(info.and_then(ConnectionInfo::local));
        text(shown(info.and_then(ConnectionInfo::remote)) + " " + &local)
    })
}

async fn ends(run: Run) -> Outcome {
    let server = run.start_at_the_edge(edge(), tells()).await?;
    for header in [LINE, BLOCK] {
        let mut wire = server.wire().await?;
        // What follows comes in one piece with it.
        let head = run.head_to(&server, "GET", "/") + "\r\n";
        wire.send([header, head.as_bytes()].concat()).await?;
        let reply = wire.read_reply().await?;
        let told = String::from_utf8_lossy(&reply.body).into_owned();
        same("the ends", told, "192.0.2.1:49152 192.0.2.2:443".to_owned())?;
    }
    Ok(())
}

async fn bad(run: Run) -> Outcome {
    let server = run.start_at_the_edge(edge(), tells()).await?;
    let head = run.head_to(&server, "GET", "/") + "\r\n";
    for bytes in [head.as_str(), "PROXY TCP4 a b c d\r\n"] {
        let mut wire = server.wire().await?;
        wire.send(bytes).await?;
        wire.expect_close().await?;
    }
    Ok(())
}

async fn stalled(run: Run) -> Outcome {
    let server = run.start_at_the_edge(edge(), tells()).await?;
    for begun in [&LINE[..12], &BLOCK[..18]] {
        let begin = Instant::now();
        let mut wire = server.wire().await?;
        wire.send(begun).await?;
        within_for(SHORT + SOON, "the close", wire.expect_close()).await??;
        let took = begin.elapsed();
        ensure(
            took + SHORT / 2 >= SHORT,
            format!("it was closed after {took:?}, before it was due"),
        )?;
    }
    Ok(())
}
