//! What quinn has to know.

use std::sync::Arc;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{IdleTimeout, ServerConfig, TransportConfig, VarInt};

use crate::contract::Error;
use crate::hyper::options::{EndpointOptions, Http3Limits, Limits};
use crate::hyper::tls::QuicTls;

/// How many streams a client may have beside its requests: it needs three.
const SIDE_STREAMS: u32 = 10;

/// The configuration of an endpoint, which follows its certificates.
pub(super) struct Config {
    limits: Limits,
    /// The last one, and what it was made of.
    last: Option<(QuicTls, Arc<ServerConfig>)>,
}

impl Config {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            last: None,
        }
    }

    /// Returns what the next connection is accepted with.
    ///
    /// # Errors
    ///
    /// There is no TLS, or it is not such that QUIC can be spoken.
    pub(super) fn current(
        &mut self,
        endpoint: &EndpointOptions,
    ) -> Result<Arc<ServerConfig>, Error> {
        let tls = (endpoint.tls.as_ref())
            .ok_or_else(|| Error::configuration("HTTP/3 needs TLS"))?
            .quic()?;
        if let Some((of, last)) = &self.last
            && of.is_as(&tls)
        {
            return Ok(Arc::clone(last));
        }
        let unusable =
            |cause| Error::configuration_from("this TLS cannot be used for HTTP/3", cause);
        let crypto = Arc::new(QuicServerConfig::try_from(tls.config()?).map_err(unusable)?);
        let config = Arc::new(match &self.last {
            // With the keys of the tokens that clients already have.
            Some((_, last)) => {
                let mut config = (**last).clone();
                config.crypto = crypto;
                config
            }
            None => first(crypto, &self.limits),
        });
        self.last = Some((tls, Arc::clone(&config)));
        Ok(config)
    }
}

fn first(crypto: Arc<QuicServerConfig>, limits: &Limits) -> ServerConfig {
    let mut config = ServerConfig::with_crypto(crypto);
    let limits = limits.http3();
    config.transport_config(Arc::new(transport(limits)));
    // What is held of handshakes that were not taken up yet.
    config.max_incoming(limits.max_pending_handshakes());
    config.incoming_buffer_size_total(1024 * 1024);
    config
}

fn transport(limits: &Http3Limits) -> TransportConfig {
    let mut transport = TransportConfig::default();
    let idle = IdleTimeout::try_from(limits.idle_timeout()).ok();
    transport
        .max_concurrent_bidi_streams(limits.max_streams().into())
        .max_concurrent_uni_streams(VarInt::from_u32(SIDE_STREAMS))
        .stream_receive_window(limits.stream_window_size().into())
        .receive_window(limits.connection_window_size().into())
        .send_window(limits.send_buffer_size().into())
        .max_idle_timeout(idle)
        // A client that waits for a slow answer is silent, and yet there.
        .keep_alive_interval(Some(limits.idle_timeout() / 3))
        .datagram_receive_buffer_size(None);
    transport
}
