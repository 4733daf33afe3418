//! What stands in front of a server: the side of the gateway, of each protocol.
#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod ajp;
pub(crate) mod carry;
pub(crate) mod encode;
pub(crate) mod fastcgi;
#[cfg(unix)]
pub(crate) mod programs;
pub(crate) mod socket;
pub(crate) mod variables;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};

use transom::features::ServerAddresses;
use transom::{Features, Request, Response};
use transom_conformance::{Failure, Gateway, GatewayConnection, Outcome};

pub(crate) use encode::Protocol;
use socket::Socket;

/// Returns a gateway that makes a connection of each request, as nginx does.
pub(crate) fn gateway(protocol: Protocol) -> Gateway {
    Gateway::new(move |server: Features| async move {
        let ends = ends();
        let send = move |request| send(protocol, server.clone(), ends, request);
        Ok(GatewayConnection::new(send).with_ends(ends.0, ends.1))
    })
}

/// Returns a gateway that starts a program for each request, as Apache does.
#[cfg(unix)]
pub(crate) fn starting_gateway() -> Gateway {
    Gateway::new(|server: Features| async move {
        let ends = ends();
        let starter = server.require::<programs::Starter>()?.clone();
        let send = move |request| start(starter.clone(), ends, request);
        Ok(GatewayConnection::new(send).with_ends(ends.0, ends.1))
    })
}

/// Returns a client's end and the gateway's, which nobody else has.
fn ends() -> (SocketAddr, SocketAddr) {
    static PORT: AtomicU16 = AtomicU16::new(20_000);
    let port = PORT.fetch_add(1, Ordering::Relaxed);
    let client = SocketAddr::from(([192, 0, 2, 7], port));
    (client, SocketAddr::from(([192, 0, 2, 1], 80)))
}

async fn send(
    protocol: Protocol,
    server: Features,
    ends: (SocketAddr, SocketAddr),
    request: Request,
) -> Outcome<Response> {
    let address = server.require::<ServerAddresses>()?.bound();
    let address = address.first().ok_or_else(|| Failure::new("no address"))?;
    let socket = Socket::connect(address).await?;
    let (head, body) = request.into_parts();
    let sized = variables::sized(&head, body).await?;
    let variables = variables::of(&head, ends, &sized);
    let opening = (protocol.encode)(&variables);
    carry::carry(socket, opening, head.method, sized.body).await
}

#[cfg(unix)]
async fn start(
    starter: programs::Starter,
    ends: (SocketAddr, SocketAddr),
    request: Request,
) -> Outcome<Response> {
    let (head, body) = request.into_parts();
    let sized = variables::sized(&head, body).await?;
    let variables = variables::of(&head, ends, &sized).into_iter().collect();
    let (input, body_to) = std::io::pipe()?;
    let (answer_from, output) = std::io::pipe()?;
    let start = programs::Start {
        variables,
        input,
        output,
    };
    let socket = Socket::of_pipes(answer_from, body_to)?;
    if starter.0.send(start).await.is_err() {
        return Err(Failure::new("no program is started any more"));
    }
    carry::carry(socket, Vec::new(), head.method, sized.body).await
}
