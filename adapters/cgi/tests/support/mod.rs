//! What stands in front of a server: the side of the gateway, of each protocol.
#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod carry;
pub(crate) mod encode;
pub(crate) mod fastcgi;
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
        static PORT: AtomicU16 = AtomicU16::new(20_000);
        let port = PORT.fetch_add(1, Ordering::Relaxed);
        let client = SocketAddr::from(([192, 0, 2, 7], port));
        let front = SocketAddr::from(([192, 0, 2, 1], 80));
        let send = move |request| send(protocol, server.clone(), (client, front), request);
        Ok(GatewayConnection::new(send).with_ends(client, front))
    })
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
