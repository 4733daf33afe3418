//! The kit's gateway.

use std::sync::{Arc, Mutex, PoisonError};

use transom::features::ServerAddresses;
use transom_conformance::{Failure, Gateway, GatewayConnection, Outcome};

use super::client::Idle;
use crate::support::ends;
use crate::support::socket::Socket;

/// Returns a gateway that keeps connections, and uses one again for a request of the same client; or, without `keep`,
/// one that makes a connection of each request.
pub(crate) fn gateway(keep: bool) -> Gateway {
    Gateway::new(move |server| async move {
        let (client, front) = ends();
        let pool = Pool {
            addresses: server.require::<ServerAddresses>()?.clone(),
            idle: Arc::default(),
        };
        let send = move |request| {
            let pool = pool.clone();
            async move {
                let idle = pool.connection().await?;
                let kept = move |idle| {
                    if keep {
                        pool.put(idle);
                    }
                };
                idle.send(request, (client, front), kept).await
            }
        };
        Ok(GatewayConnection::new(send).with_ends(client, front))
    })
}

/// The connections that carry no request.
#[derive(Clone)]
struct Pool {
    addresses: ServerAddresses,
    idle: Arc<Mutex<Vec<Idle>>>,
}

impl Pool {
    async fn connection(&self) -> Outcome<Idle> {
        while let Some(mut idle) = self.take() {
            if idle.is_there().await {
                return Ok(idle);
            }
        }
        let bound = self.addresses.bound();
        let address = bound.first().ok_or_else(|| Failure::new("no address"))?;
        Ok(Idle::new(Socket::connect(address).await?))
    }

    fn take(&self) -> Option<Idle> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }

    fn put(&self, connection: Idle) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(connection);
    }
}
