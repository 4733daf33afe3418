//! H-ADDR, H-BINDFAIL, H-START, H-RESTART: how a server comes to its addresses, and leaves them.

use std::net::TcpListener;

use transom::features::{Scheme, ServerAddress, ServerAddresses};
use transom::{Body, BoundServer, BoxServer, Server};

use super::held::{A_WHILE, SOON, held, protocols, some_protocol, spoken};
use crate::{
    Capability, Case, Connection, Failure, Outcome, Protocol, Run, Running, ensure, same, within,
    within_for,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::lifecycle(
            "H-ADDR",
            "A bound server lists each of its addresses as it really is: resolved, of the right scheme, and \
             readable again.",
            addresses,
        ),
        Case::lifecycle(
            "H-ADDR-DUP",
            "A server that is asked for several addresses lists all of them, and serves on all of them.",
            several_addresses,
        )
        .needs(&[Capability::Tcp, Capability::PortZero]),
        Case::lifecycle(
            "H-BINDFAIL",
            "A `bind` that fails names the address, and holds none of the others.",
            bind_fails,
        )
        .needs(&[Capability::Tcp, Capability::PortZero]),
        Case::lifecycle(
            "H-START-ORDER",
            "Between `bind` and `serve` a client can connect and is answered by nobody; then it is served.",
            bound_is_not_serving,
        ),
        Case::lifecycle(
            "H-RESTART",
            "After a server has stopped, another one of the same process takes its port.",
            restart,
        )
        .needs(&[Capability::Tcp, Capability::PortZero]),
        Case::lifecycle(
            "H-RESTART-UNIX",
            "A server that has stopped leaves no file of its unix socket, and another takes the path.",
            restart_unix,
        )
        .needs(&[Capability::UnixSocket]),
    ]
}

/// Returns a server that is asked for these addresses and no others.
pub(super) fn server_at(run: &Run, addresses: &str) -> Outcome<BoxServer> {
    let mut server = run.target().server();
    let requested = server.requested_addresses();
    let requested = requested.ok_or_else(|| Failure::new("the server takes no addresses"))?;
    requested.clear();
    requested.add(addresses);
    Ok(server)
}

pub(super) fn bound(server: &Running) -> Outcome<Vec<ServerAddress>> {
    Ok(server.features().require::<ServerAddresses>()?.bound())
}

/// Returns the address of a port that was free a moment ago.
pub(super) fn free_address() -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(format!("http://{}", listener.local_addr()?))
}

/// Fails unless the port of an address can be bound.
pub(super) fn is_free(address: &str) -> Outcome {
    let port = address.trim_start_matches("http://");
    TcpListener::bind(port)
        .map(drop)
        .map_err(|error| Failure::from(error).at(format!("{address} is not free")))
}

/// Fails unless a server answers on each protocol that it speaks.
pub(super) async fn answers(run: &Run, server: &Running) -> Outcome {
    for protocol in spoken(run, server) {
        let mut connection = server.connect(protocol).await?;
        answers_on(run, &mut connection).await?;
    }
    Ok(())
}

pub(super) async fn answers_on(run: &Run, connection: &mut Connection) -> Outcome {
    let reply = connection.send(run.get("/").body(Body::empty())?).await?;
    same("the answer", reply.text().await?, "at once")
}

async fn addresses(run: Run) -> Outcome {
    let server = run.start(held(run.notes().clone())).await?;
    let bound = bound(&server)?;
    ensure(!bound.is_empty(), "the server lists no address")?;
    let over_udp = spoken(&run, &server) == [Protocol::Http3];
    for address in bound {
        let text = address.to_string();
        let again = text.parse::<ServerAddress>()?;
        same("the address, read again", &again, &address)?;
        // Whether it is the right one shows in every case that connects.
        ensure(
            address.scheme() == Scheme::Http || run.manifest().has(Capability::Tls),
            format!("the scheme of {text} is one that the server does not speak"),
        )?;
        ensure(
            address.port() != Some(0),
            format!("the port of {text} is not resolved"),
        )?;
        if let (Some(socket), false) = (address.connect_addr(), over_udp) {
            within("a connection", tokio::net::TcpStream::connect(socket)).await??;
        }
    }
    answers(&run, &server).await
}

async fn several_addresses(run: Run) -> Outcome {
    let asked = "http://127.0.0.1:0;http://127.0.0.1:0";
    let server = Running::start(server_at(&run, asked)?, held(run.notes().clone())).await?;
    let addresses = server.features().require::<ServerAddresses>()?;
    let requested = addresses.requested().iter().map(ToString::to_string);
    same(
        "what was asked for",
        requested.collect::<Vec<_>>().join(";"),
        asked,
    )?;
    let bound = addresses.bound();
    let [one, other] = &bound[..] else {
        return Err(Failure::new(format!(
            "the addresses are {bound:?}, and should be two"
        )));
    };
    ensure(one != other, "both addresses are the same")?;
    for address in [one, other] {
        let alone = ServerAddresses::new(Vec::new(), vec![address.clone()]);
        let mut features = server.features().clone();
        features.insert(alone);
        let protocol = some_protocol(&run, server.features())?;
        let mut connection = Connection::open(protocol, &features).await?;
        answers_on(&run, &mut connection)
            .await
            .map_err(|failure| failure.at(address))?;
    }
    Ok(())
}

async fn bind_fails(run: Run) -> Outcome {
    let first = server_at(&run, "http://127.0.0.1:0")?;
    let first = Running::start(first, held(run.notes().clone())).await?;
    let taken = bound(&first)?[0].to_string();
    let free = free_address()?;

    let second = server_at(&run, &format!("{free};{taken}"))?;
    let error = match within("binding", second.bind()).await? {
        Ok(_) => return Err(Failure::new(format!("{taken} was bound twice"))),
        Err(error) => error,
    };
    ensure(error.is_bind(), format!("the error is {error:?}"))?;
    ensure(
        error.report().contains(&taken),
        format!("the error does not name {taken}: {}", error.report()),
    )?;
    is_free(&free)?;

    answers(&run, &first).await?;
    first.abort().await;
    let again = server_at(&run, &taken)?;
    let again = Running::start(again, held(run.notes().clone())).await?;
    answers(&run, &again).await
}

async fn bound_is_not_serving(run: Run) -> Outcome {
    let server = within("binding", run.target().server().bind()).await??;
    let features = server.features().clone();
    let mut connections = Vec::new();
    for protocol in protocols(&run, &features) {
        connections.push(Connection::open(protocol, &features));
    }
    let early = async {
        let clients = connections.into_iter().map(async |opening| {
            let mut connection = opening.await?;
            answers_on(&run, &mut connection).await
        });
        for client in futures_util::future::join_all(clients).await {
            client?;
        }
        Ok::<_, Failure>(())
    };
    let mut early = std::pin::pin!(early);
    let answered = tokio::time::timeout(A_WHILE, &mut early).await;
    if let Ok(outcome) = answered {
        outcome?;
        return Err(Failure::new("a client was answered before `serve`"));
    }
    let _server = Running::serve(server, run.lint(held(run.notes().clone())));
    within_for(SOON, "the answer to the client that waited", early).await?
}

async fn restart(run: Run) -> Outcome {
    let first = server_at(&run, "http://127.0.0.1:0")?;
    let first = Running::start(first, held(run.notes().clone())).await?;
    let address = bound(&first)?[0].to_string();
    let mut connection = first
        .connect(some_protocol(&run, first.features())?)
        .await?;
    answers_on(&run, &mut connection).await?;
    // The server closes first, which leaves the port in TIME_WAIT.
    first.request_stop();
    if !run.manifest().has(Capability::CloseIdleOnStop) {
        drop(connection);
    }
    first.ended().await?;
    let second = server_at(&run, &address)?;
    let second = Running::start(second, held(run.notes().clone())).await?;
    same("the address", bound(&second)?[0].to_string(), address)?;
    answers(&run, &second).await
}

async fn restart_unix(run: Run) -> Outcome {
    let directory = std::env::temp_dir();
    let name = format!("transom-conformance-{}.sock", std::process::id());
    let path = directory.join(name);
    let address = format!("http://unix:{}", path.display());
    for _ in 0..2 {
        let server = server_at(&run, &address)?;
        let server = Running::start(server, held(run.notes().clone())).await?;
        ensure(path.exists(), "there is no file of the socket")?;
        answers(&run, &server).await?;
        server.request_stop();
        server.ended().await?;
        ensure(!path.exists(), "the file of the socket is left behind")?;
    }
    Ok(())
}
