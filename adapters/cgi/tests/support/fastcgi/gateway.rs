//! The kit's gateway.

use std::net::SocketAddr;
use std::sync::Arc;

use transom::features::ServerAddresses;
use transom_conformance::{Gateway, GatewayConnection};

use super::client::Client;

/// Returns a gateway that has one connection for all requests of a client, several at a time; or, without `keep`, one
/// for each, as most web servers do.
pub(crate) fn gateway(keep: bool) -> Gateway {
    Gateway::new(move |server| async move {
        let addresses = Arc::new(server.require::<ServerAddresses>()?.clone());
        let kept = match keep {
            true => Some(Client::connect(&addresses, true).await?),
            false => None,
        };
        let client = SocketAddr::from(([192, 0, 2, 7], 40_001));
        let gateway = SocketAddr::from(([198, 51, 100, 1], 80));
        let more = Arc::new([
            ("REMOTE_ADDR", client.ip().to_string()),
            ("REMOTE_PORT", client.port().to_string()),
            ("SERVER_ADDR", gateway.ip().to_string()),
            ("SERVER_PORT", gateway.port().to_string()),
        ]);
        let connection = GatewayConnection::new(move |request| {
            let (addresses, more, kept) = (Arc::clone(&addresses), Arc::clone(&more), kept.clone());
            async move {
                match kept {
                    Some(client) => client.send(request, &*more).await,
                    None => {
                        let client = Client::connect(&addresses, false).await?;
                        client.send(request, &*more).await
                    }
                }
            }
        });
        Ok(connection.with_ends(client, gateway))
    })
}
