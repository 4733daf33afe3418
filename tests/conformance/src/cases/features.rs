//! S-FEAT: what a server tells of itself and of the connection.

use std::net::SocketAddr;

use transom::features::{
    ConnectionInfo, Endpoint, Feature, RequestIdentifier, ServerAddresses, ServerInfo, Transport,
};
use transom::{App, Body, Features, Request, RequestExt, Response};

use crate::{Capability, Case, Notes, Outcome, Protocol, Run, ensure, observe, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-FEAT-SERVER",
            "A request sees the name and the addresses of the server that it came to.",
            server,
        ),
        Case::new(
            "S-FEAT-REMOTE",
            "`ConnectionInfo` has the client's end of the connection.",
            remote,
        )
        .on(&[
            Protocol::Gateway,
            Protocol::Http1,
            Protocol::Http2,
            Protocol::Http3,
        ])
        .needs(&[Capability::PeerAddress]),
        Case::new(
            "S-FEAT-LOCAL",
            "`ConnectionInfo` has the server's end of the connection.",
            local,
        )
        .on(&[
            Protocol::Gateway,
            Protocol::Http1,
            Protocol::Http2,
            Protocol::Http3,
        ])
        .needs(&[Capability::LocalAddress]),
        Case::new(
            "S-FEAT-CONNID",
            "The requests of one connection share its id, and no other connection has it.",
            connection_id,
        )
        .needs(&[Capability::ConnectionId, Capability::KeepAlive]),
        Case::new(
            "S-FEAT-REQID",
            "Every request has an identifier of its own.",
            request_identifier,
        )
        .needs(&[Capability::KeepAlive]),
        Case::new(
            "S-FEAT-ISO",
            "What one request put into its features and extensions is not there in the next.",
            isolated,
        )
        .with_app(|notes| App::new(move |request| mark(request, notes.clone())))
        .needs(&[Capability::KeepAlive]),
    ]
}

async fn server(run: Run) -> Outcome {
    let seen = run.observe(run.get("/")).await?;
    let (here, there) = (&seen.features, run.server().features());
    let name = there.require::<ServerInfo>()?.to_string();
    same(
        "the server",
        here.require::<ServerInfo>()?.to_string(),
        name,
    )?;
    same(
        "the server's addresses",
        here.get::<ServerAddresses>(),
        there.get::<ServerAddresses>(),
    )
}

async fn remote(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let seen = run
        .observe_on(&mut connection, run.get("/"), Body::empty())
        .await?;
    let known = seen.features.require::<ConnectionInfo>()?.remote().cloned();
    match connection.ends() {
        Some((client, _)) => same("the remote end", known, Some(end(&run, client)?)),
        None if in_memory(&seen.features)? => same("the remote end", known, Some(Endpoint::Memory)),
        None => same("the remote end", known, Some(Endpoint::Unix(None))),
    }
}

fn in_memory(features: &Features) -> Outcome<bool> {
    Ok(features.require::<ConnectionInfo>()?.transport() == Transport::Memory)
}

/// Returns an end of a connection of IP.
fn end(run: &Run, address: SocketAddr) -> Outcome<Endpoint> {
    Ok(match run.protocol()? {
        Protocol::Http3 => Endpoint::Udp(address),
        // What some gateways tell of a client is its address alone.
        Protocol::Gateway if address.port() == 0 => Endpoint::Ip(address.ip()),
        _ => Endpoint::Tcp(address),
    })
}

async fn local(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let seen = run
        .observe_on(&mut connection, run.get("/"), Body::empty())
        .await?;
    let known = seen.features.require::<ConnectionInfo>()?.local().cloned();
    match connection.ends() {
        Some((_, server)) => same("the local end", known, Some(end(&run, server)?)),
        None if in_memory(&seen.features)? => same("the local end", known, Some(Endpoint::Memory)),
        None => ensure(
            matches!(known, Some(Endpoint::Unix(Some(_)))),
            format!("the local end is {known:?}, and should be the path of the socket"),
        ),
    }
}

async fn connection_id(run: Run) -> Outcome {
    let (mut one, mut two) = (run.connect().await?, run.connect().await?);
    let mut ids = Vec::new();
    for connection in [&mut one, &mut two] {
        for _ in 0..2 {
            let seen = run
                .observe_on(connection, run.get("/"), Body::empty())
                .await?;
            ids.push(seen.features.require::<ConnectionInfo>()?.id());
        }
    }
    same("the id of the second request", ids[1], ids[0])?;
    same("the id of the other connection's second", ids[3], ids[2])?;
    ensure(ids[0] != ids[2], "two connections have the same id")
}

async fn request_identifier(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let mut identifiers = Vec::new();
    for _ in 0..3 {
        let seen = run
            .observe_on(&mut connection, run.get("/"), Body::empty())
            .await?;
        identifiers.push(seen.features.require::<RequestIdentifier>()?.to_string());
    }
    let seen = run.observe(run.get("/")).await?;
    identifiers.push(seen.features.require::<RequestIdentifier>()?.to_string());
    let mut different = identifiers.clone();
    different.sort();
    different.dedup();
    same(
        "the number of different identifiers",
        different.len(),
        identifiers.len(),
    )
}

struct Mark;

impl Feature for Mark {
    const NAME: &'static str = "conformance.mark";
}

async fn mark(mut request: Request, notes: Notes) -> Response {
    if request.feature::<Mark>().is_some() || request.extensions().get::<&str>().is_some() {
        notes.say("leaked");
    }
    request.features_mut().insert(Mark);
    request.extensions_mut().insert("mark");
    observe(request, notes).await
}

async fn isolated(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    for _ in 0..3 {
        run.observe_on(&mut connection, run.get("/"), Body::empty())
            .await?;
    }
    same(
        "the number of requests that saw another's mark",
        run.notes().count("leaked"),
        0,
    )
}
