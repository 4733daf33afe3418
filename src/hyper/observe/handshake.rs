//! A TLS handshake, seen from outside.

#[cfg(feature = "metrics")]
use super::measured::Handshaking;
use crate::features::{ConnectionInfo, TlsVersion};

/// A TLS handshake. One that is dropped before it is [`done`](Self::done) has failed.
#[must_use = "it goes on for as long as this lives"]
pub(in crate::hyper) struct Handshake {
    #[cfg(feature = "metrics")]
    measured: Handshaking,
}

#[cfg_attr(
    not(feature = "metrics"),
    expect(unused_variables, clippy::unused_self, reason = "nobody looks")
)]
impl Handshake {
    pub(in crate::hyper) fn begin(info: &ConnectionInfo) -> Self {
        Self {
            #[cfg(feature = "metrics")]
            measured: Handshaking::begin(info),
        }
    }

    pub(in crate::hyper) fn done(self, version: TlsVersion) {
        #[cfg(feature = "metrics")]
        self.measured.done(version);
    }
}
