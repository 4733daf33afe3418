//! S-L: how much a client may take.

use http::StatusCode;
use transom::features::Upgrade;
use transom::{App, Request, RequestExt};

use super::held::{SOON, held, status};
use crate::{Capability, Case, Edge, Notes, Outcome, Run, Running, Wire, ensure, same, within_for};

pub(super) fn cases() -> Vec<Case> {
    vec![
        at_the_edge(
            "S-L-CONN",
            "A connection beyond the number that there may be is closed at once; when another ends, there is \
             room again.",
            |run| crowd(run, Edge { connections: Some(2), ..Edge::default() }),
        ),
        at_the_edge(
            "S-L-CONN-ADDR",
            "A connection beyond the number that one address may have is closed at once; when another ends, \
             there is room again.",
            |run| crowd(run, Edge { connections_per_address: Some(2), ..Edge::default() }),
        )
        .needs(&[Capability::Tcp]),
        at_the_edge(
            "S-L-UPGRADED",
            "An upgrade beyond the number of upgraded connections is an error of `accept` that says so; when \
             another ends, there is room again. They are not counted among the other connections.",
            upgraded,
        )
        .needs(&[Capability::UpgradeAny]),
        at_the_edge(
            "S-L-REQUESTS",
            "The last request that a connection may carry is answered, and the answer announces the close.",
            requests,
        )
        .needs(&[Capability::KeepAlive]),
        at_the_edge(
            "S-L-HDRCOUNT",
            "More fields than a request may have are answered 431.",
            |run| {
                let edge = Edge { request_fields: Some(20), ..Edge::default() };
                let fields = |count| (0..count).map(|at| format!("a{at}: b\r\n")).collect();
                // The kit sends two of its own.
                size(run, edge, 431, (fields(18), fields(19)))
            },
        ),
        at_the_edge(
            "S-L-HDRBYTES",
            "Fields that are longer than those of a request may be are answered 431.",
            |run| {
                let edge = Edge { request_head: Some(4096), ..Edge::default() };
                let field = |length| format!("a: {}\r\n", "b".repeat(length));
                size(run, edge, 431, (field(3000), field(5000)))
            },
        ),
        at_the_edge(
            "S-L-URI",
            "A first line that is longer than that of a request may be is answered 414.",
            line,
        ),
    ]
}

/// Returns a case that starts a server with low limits.
fn at_the_edge<F, Running>(id: &'static str, says: &'static str, client: F) -> Case
where
    F: Fn(Run) -> Running + Send + Sync + 'static,
    Running: Future<Output = Outcome> + Send + 'static,
{
    Case::lifecycle(id, says, client).needs(&[Capability::Http1, Capability::Edge])
}

/// Opens a connection, and fails unless it carries a request.
async fn served(run: &Run, server: &Running) -> Outcome<Wire> {
    let mut wire = server.wire().await?;
    wire.send(run.head_to(server, "GET", "/") + "\r\n").await?;
    same("the status", wire.read_reply().await?.head.status, 200)?;
    Ok(wire)
}

/// Opens connections until one carries a request, as one must soon.
async fn served_again(run: &Run, server: &Running) -> Outcome<Wire> {
    let again = async {
        loop {
            if let Ok(wire) = served(run, server).await {
                return wire;
            }
        }
    };
    within_for(SOON, "room for a connection", again).await
}

async fn crowd(run: Run, edge: Edge) -> Outcome {
    let server = run
        .start_at_the_edge(edge, held(run.notes().clone()))
        .await?;
    let first = served(&run, &server).await?;
    let mut second = served(&run, &server).await?;
    // Over TLS too it is closed before a word is said.
    let mut third = server.unsecured().await?;
    third.expect_close().await?;
    second
        .send(run.head_to(&server, "GET", "/") + "\r\n")
        .await?;
    same("the status", second.read_reply().await?.head.status, 200)?;
    drop(first);
    served_again(&run, &server).await.map(drop)
}

/// Accepts an upgrade and holds it until its client ends, or answers 503.
fn upgrades(_: Notes) -> App {
    App::new(|request: Request| async move {
        let upgrading = match request.feature::<dyn Upgrade>().map(Upgrade::accept) {
            None => return status(StatusCode::OK),
            Some(Ok(upgrading)) => upgrading,
            Some(Err(error)) if error.is_too_many() => {
                return status(StatusCode::SERVICE_UNAVAILABLE);
            }
            Some(Err(_)) => return status(StatusCode::INTERNAL_SERVER_ERROR),
        };
        tokio::spawn(async move {
            if let Ok(connection) = upgrading.await {
                let (mut reader, mut writer) = tokio::io::split(connection);
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
            }
        });
        let mut response = status(StatusCode::SWITCHING_PROTOCOLS);
        let headers = response.headers_mut();
        let token = http::HeaderValue::from_static;
        headers.insert(http::header::UPGRADE, token("echo"));
        headers.insert(http::header::CONNECTION, token("upgrade"));
        response
    })
}

async fn upgraded(run: Run) -> Outcome {
    let edge = Edge {
        connections: Some(2),
        upgraded_connections: Some(1),
        ..Edge::default()
    };
    let server = run
        .start_at_the_edge(edge, upgrades(run.notes().clone()))
        .await?;
    let (first, code) = ask(&run, &server).await?;
    same("the status of the first", code, 101)?;
    let (second, code) = ask(&run, &server).await?;
    same("the status of the second", code, 503)?;
    // Two of them would be too many if the first counted among them.
    served(&run, &server).await?;
    drop((first, second));
    let again = async {
        loop {
            if let Ok((wire, 101)) = ask(&run, &server).await {
                return wire;
            }
        }
    };
    within_for(SOON, "room for an upgrade", again)
        .await
        .map(drop)
}

/// Asks for an upgrade on a new connection.
async fn ask(run: &Run, server: &Running) -> Outcome<(Wire, u16)> {
    let mut wire = server.wire().await?;
    wire.send(run.head_to(server, "GET", "/") + "Connection: upgrade\r\nUpgrade: echo\r\n\r\n")
        .await?;
    let code = wire.read_head().await?.status;
    Ok((wire, code))
}

async fn requests(run: Run) -> Outcome {
    let edge = Edge {
        requests_per_connection: Some(3),
        ..Edge::default()
    };
    let server = run
        .start_at_the_edge(edge, held(run.notes().clone()))
        .await?;
    let mut wire = server.wire().await?;
    for ordinal in 1..=3 {
        wire.send(run.head_to(&server, "GET", "/") + "\r\n").await?;
        let reply = wire.read_reply().await?;
        same("the status", reply.head.status, 200)?;
        same("whether it closes", reply.head.closes(), ordinal == 3)?;
    }
    wire.expect_close().await
}

/// Sends fields that are within the limit, and some that are not.
async fn size(run: Run, edge: Edge, refusal: u16, fields: (String, String)) -> Outcome {
    let server = run
        .start_at_the_edge(edge, held(run.notes().clone()))
        .await?;
    for (fields, expected) in [(fields.0, 200), (fields.1, refusal)] {
        let mut wire = server.wire().await?;
        wire.send_if_open(run.head_to(&server, "GET", "/") + &fields + "\r\n")
            .await?;
        same("the status", wire.read_reply().await?.head.status, expected)?;
    }
    Ok(())
}

async fn line(run: Run) -> Outcome {
    let edge = Edge {
        request_line: Some(512),
        ..Edge::default()
    };
    let server = run
        .start_at_the_edge(edge, held(run.notes().clone()))
        .await?;
    for (length, expected) in [(400, 200), (600, 414)] {
        let mut wire = server.wire().await?;
        let target = format!("/?{}", "q".repeat(length));
        wire.send_if_open(run.head_to(&server, "GET", &target) + "\r\n")
            .await?;
        let reply = wire.read_reply().await?;
        same("the status", reply.head.status, expected)?;
        ensure(
            expected == 200 || reply.head.closes(),
            "it is not announced that it closes",
        )?;
    }
    Ok(())
}
