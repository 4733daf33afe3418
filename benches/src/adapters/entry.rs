use std::error::Error;

use transom::features::{ServerAddress, ServerAddresses};
use transom::{BoundServer, Server, Shutdown};

#[cfg(feature = "pingora")]
use super::pingora;
use super::{actix, tiny_http, trillium, xitca};
use crate::servers::{end_of_input, greet, listening};

/// An engine, and what an adapter may add to it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name of the engine.
    pub name: &'static str,
    /// At most so many times the engine's own instructions, if there is a bound: what is reached, and a few
    /// percent for another compiler. An engine that needs threads between it and the application has none.
    pub bound: Option<f64>,
    native: fn() -> Result<()>,
    adapted: fn() -> Result<()>,
}

pub(super) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Every engine, in the order of the table.
pub const ALL: &[Entry] = &[
    Entry {
        name: "actix",
        bound: Some(1.50),
        native: actix::native,
        adapted: actix::adapted,
    },
    #[cfg(feature = "pingora")]
    Entry {
        name: "pingora",
        bound: Some(1.10),
        native: pingora::native,
        adapted: pingora::adapted,
    },
    Entry {
        name: "tiny-http",
        bound: None,
        native: tiny_http::native,
        adapted: tiny_http::adapted,
    },
    Entry {
        name: "trillium",
        bound: Some(1.38),
        native: trillium::native,
        adapted: trillium::adapted,
    },
    Entry {
        name: "xitca",
        bound: Some(1.50),
        native: xitca::native,
        adapted: xitca::adapted,
    },
];

/// Serves by that name, `NAME` for the adapter and `NAME-native` for the engine alone, on a port of its own,
/// which it prints, until its standard input is closed.
///
/// # Errors
///
/// There is no such server, or it does not start.
pub fn serve(name: &str) -> Result<()> {
    for entry in ALL {
        match name.strip_prefix(entry.name) {
            Some("") => return (entry.adapted)(),
            Some("-native") => return (entry.native)(),
            _ => {}
        }
    }
    Err(format!("there is no server `{name}`").into())
}

/// Lets a server of the contract serve the greeting.
pub(super) fn hosted(server: impl Server) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let bound = server.bind().await?;
        let addresses = bound.features().require::<ServerAddresses>()?;
        let address = addresses
            .bound()
            .first()
            .and_then(ServerAddress::connect_addr);
        listening(address.ok_or("the server has no address")?)?;
        let (trigger, shutdown) = Shutdown::pair();
        let mut serve = std::pin::pin!(bound.serve(greet, shutdown));
        tokio::select! {
            served = &mut serve => return Ok(served?),
            () = end_of_input() => trigger.request(),
        }
        Ok(serve.await?)
    })
}
