//! Which server gets the addresses that the host was given.

use crate::contract::{BoxServer, Error, Server};
use crate::features::RequestedAddresses;

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
    let urls = urls.take()?;
    let list = urls
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(";");
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

fn shown(addresses: &RequestedAddresses) -> String {
    match addresses.clone().take() {
        Ok(addresses) => addresses
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(";"),
        Err(error) => error.to_string(),
    }
}
