//! One connection, from its first packet to a known protocol.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use quinn::crypto::rustls::HandshakeData;
use rustls::pki_types::CertificateDer;

use super::acceptor::Arrival;
use super::connection::{self, Shared};
use super::control::Peer;
use crate::contract::Application;
use crate::features::{ResponseTrailers, Scheme, TlsInfo, TlsVersion};
use crate::hyper::connection::{Place, Server};

/// Serves a connection until it ends, however it ends.
pub(in crate::hyper) async fn serve<A: Application>(
    server: Arc<Server<A>>,
    arrival: Arrival,
    place: Place,
) {
    let Arrival {
        info,
        endpoint,
        incoming,
        config,
        pending,
    } = arrival;
    let limits = Arc::new(server.options.limits.clone());
    let handshake = async {
        let tls = endpoint.options.tls.as_ref()?.quic().ok()?;
        tls.refresh().await;
        let handshake = incoming.accept_with(config).ok()?;
        match tls.handshake_timeout() {
            Some(time) => tokio::time::timeout(time, handshake).await.ok()?.ok(),
            None => handshake.await.ok(),
        }
    };
    let quic = tokio::select! {
        quic = handshake => quic,
        // Whoever has not said a word is let go when the server stops.
        () = endpoint.stop.requested() => return,
    };
    drop(pending);
    let Some(quic) = quic else { return };
    let connection = (server.dispatcher)
        .connection(info, Scheme::Https)
        .with_feature(ResponseTrailers::new())
        .with_feature(tls_info(&quic));
    let shared = Shared {
        server,
        endpoint,
        connection,
        quic,
        limits,
        peer: Peer::default(),
    };
    connection::serve(Arc::new(shared)).await;
    drop(place);
}

/// What quinn tells of the handshake, which is not all.
fn tls_info(quic: &quinn::Connection) -> TlsInfo {
    let mut info = TlsInfo::new(TlsVersion::Tls13);
    let data = quic.handshake_data().map(<Box<dyn Any>>::downcast);
    if let Some(Ok(data)) = data {
        let data: HandshakeData = *data;
        if let Some(name) = data.server_name {
            info = info.with_server_name(name);
        }
        if let Some(protocol) = data.protocol {
            info = info.with_protocol(protocol);
        }
    }
    let identity = quic.peer_identity().map(<Box<dyn Any>>::downcast);
    if let Some(Ok(chain)) = identity {
        let chain: Vec<CertificateDer<'static>> = *chain;
        let chain = chain.iter().map(|one| Bytes::copy_from_slice(one));
        info = info.with_client_certificates(chain.collect());
    }
    info
}
