//! Which server gets the addresses that the host was given.

use crate::contract::{BoxServer, Error, Server};
use crate::features::{RequestedAddresses, ServerAddress};

/// Hands the host's addresses to the first server that takes addresses and has none of its own, or,
/// if the host's are preferred, to the first that takes any.
///
/// # Errors
///
/// One of the host's addresses is malformed.
pub(super) fn assign(
    servers: &mut [BoxServer],
    mut urls: RequestedAddresses,
    prefer: bool,
) -> Result<(), Error> {
    if urls.is_empty() {
        return Ok(());
    }
    let list = listed(&urls.take()?);
    for server in servers {
        let Some(own) = server.requested_addresses() else {
            continue;
        };
        if own.is_empty() {
            own.add(&list);
            return Ok(());
        }
        if prefer {
            tracing::info!(
                target: "transom::hosting",
                "Overriding the server's own addresses, because prefer_hosting_urls is set. Binding to {list} instead of {}",
                shown(own)
            );
            own.clear();
            own.add(&list);
            return Ok(());
        }
    }
    tracing::warn!(
        target: "transom::hosting",
        "Not binding to {list}: every server has addresses of its own, or takes none. Set prefer_hosting_urls to override them"
    );
    Ok(())
}

/// Hands the addresses that the process was assigned to the first server that takes any, in place of its own and of
/// the host's, `urls`.
///
/// # Errors
///
/// One of them is malformed, or no server takes addresses: whoever assigned them waits there.
pub(super) fn impose(
    servers: &mut [BoxServer],
    mut assigned: RequestedAddresses,
    urls: &RequestedAddresses,
) -> Result<(), Error> {
    let list = listed(&assigned.take()?);
    let mut takers = servers.iter_mut().filter_map(Server::requested_addresses);
    let Some(own) = takers.next() else {
        return Err(Error::configuration(format!(
            "the process was assigned {list}, but no server takes addresses, or each has endpoints of its own: leave those out where it is"
        )));
    };
    for others in [&*own, urls] {
        if !others.is_empty() {
            tracing::info!(
                target: "transom::hosting",
                "Binding to {list}, which the process was assigned, instead of {}",
                shown(others)
            );
        }
    }
    own.clear();
    own.add(&list);
    Ok(())
}

fn shown(addresses: &RequestedAddresses) -> String {
    match addresses.clone().take() {
        Ok(addresses) => listed(&addresses),
        Err(error) => error.to_string(),
    }
}

fn listed(addresses: &[ServerAddress]) -> String {
    let shown: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    shown.join(";")
}
