//! What comes before the first request: everything between `accept` and a protocol that is known.

use std::io;

use bytes::BytesMut;

use super::sniff::{Protocol, sniff};
use super::stream::Stream;
use crate::features::{ConnectionInfo, Scheme};
use crate::hyper::options::EndpointOptions;

/// A connection whose protocol is known.
pub(in crate::hyper) struct Opened {
    pub(in crate::hyper) stream: Stream,
    /// Read from the stream in order to know the protocol.
    pub(in crate::hyper) ahead: BytesMut,
    pub(in crate::hyper) protocol: Protocol,
    pub(in crate::hyper) scheme: Scheme,
    pub(in crate::hyper) info: ConnectionInfo,
}

/// Opens a connection, step by step. The caller holds all steps together to one deadline.
///
/// # Errors
///
/// The connection broke, or the client sent what no step takes. `None`: it went away before it said
/// anything.
pub(super) async fn open(
    mut stream: Stream,
    info: ConnectionInfo,
    endpoint: &EndpointOptions,
) -> io::Result<Option<Opened>> {
    // The versions of HTTP that the endpoint speaks are told apart by the first bytes.
    let Some((protocol, ahead)) = sniff(&mut stream, endpoint.protocols).await? else {
        return Ok(None);
    };
    Ok(Some(Opened {
        stream,
        ahead,
        protocol,
        scheme: Scheme::Http,
        info,
    }))
}
