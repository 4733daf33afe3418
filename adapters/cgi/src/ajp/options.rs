use std::time::Duration;

use transom::Error;

use super::secret::Secret;
use crate::gateway::Options;

/// What may be set of AJP beside what all servers of gateways have.
#[derive(Clone, Debug)]
pub(crate) struct AjpOptions {
    pub(super) secret: Option<Secret>,
    /// Whoever may connect from another machine needs no secret.
    pub(super) trusts_peers: bool,
    /// How long a packet may be in all.
    pub(super) max_packet: usize,
    pub(super) idle_timeout: Option<Duration>,
}

impl AjpOptions {
    /// The length of a packet that no side has to be told of.
    pub(super) const USUAL_PACKET: usize = 8 * 1024;
    /// The length is told in two bytes.
    pub(super) const LONGEST_PACKET: usize = 64 * 1024;
}

impl Default for AjpOptions {
    fn default() -> Self {
        Self {
            secret: None,
            trusts_peers: false,
            max_packet: Self::USUAL_PACKET,
            // Longer than the sample for Apache keeps one, so that it is the one to close.
            idle_timeout: Some(Duration::from_secs(180)),
        }
    }
}

/// Fails where anybody of another machine could send whatever he likes.
pub(super) fn check(options: &Options) -> Result<(), Error> {
    let ajp = &options.ajp;
    if ajp.secret.as_ref().is_some_and(Secret::is_empty) {
        return Err(Error::configuration(
            "the secret of AJP is empty; write the one that the web server has (`secret=` of Apache's `ProxyPass`)",
        ));
    }
    // What is malformed is told of elsewhere.
    options.peers.check()?;
    if ajp.secret.is_none() && !ajp.trusts_peers && !options.peers.are_local() {
        return Err(Error::configuration(
            "whoever speaks AJP is believed in all that he says of a client, and other machines may connect: set the \
             secret that the web server has by `with_secret`, or, if the network lets nobody else in, say so by \
             `with_peers_without_secret(true)`",
        ));
    }
    Ok(())
}
