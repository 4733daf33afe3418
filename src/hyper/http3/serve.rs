//! One connection, from its first packet to a known protocol.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use bytes::Bytes;
use quinn::ConnectionError;
use quinn::crypto::rustls::HandshakeData;
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument as _;

use super::acceptor::Arrival;
use super::connection::{self, Link, Shared};
use super::control::Peer;
use crate::contract::Application;
use crate::features::{ResponseTrailers, Scheme, TlsInfo, TlsVersion};
use crate::hyper::connection::{InTransit, Place, Reason, Server};
use crate::hyper::observe::{Handshake, span};

/// Serves a connection until it ends, however it ends.
pub(in crate::hyper) fn serve<A: Application>(
    server: Arc<Server<A>>,
    arrival: Arrival,
    place: Place,
) -> impl Future<Output = ()> + Send {
    let span = span(&arrival.info);
    open_and_serve(server, arrival, place).instrument(span)
}

async fn open_and_serve<A: Application>(server: Arc<Server<A>>, arrival: Arrival, place: Place) {
    let limits = Arc::new(server.options.limits.clone());
    let head_timeout = limits.request_head_timeout();
    let head_deadline = head_timeout.map(|timeout| Instant::now() + timeout);
    let info = arrival.info.clone();
    let endpoint = Arc::clone(&arrival.endpoint);
    // Boxed, and gone before the first request.
    let opening = Box::pin(open(arrival, head_deadline));
    let quic = tokio::select! {
        opened = opening => match opened {
            Ok(quic) => quic,
            Err(NotOpened::Rejected(reason)) => return server.rejected(reason, &info),
            Err(NotOpened::Broken) => return,
        },
        // Whoever has not said a word is let go when the server stops.
        () = endpoint.stop.requested() => return,
    };
    let connection = (server.dispatcher)
        .connection(info, Scheme::Https)
        .with_feature(ResponseTrailers::new())
        .with_feature(tls_info(&quic));
    let shared = Shared {
        server,
        endpoint,
        connection,
        link: Arc::new(Link::new(quic)),
        in_transit: InTransit::new(limits.min_response_rate()),
        limits,
        peer: Peer::default(),
        upgraded: AtomicUsize::new(0),
    };
    connection::serve(Arc::new(shared), head_deadline).await;
    drop(place);
}

/// Why there is no connection.
enum NotOpened {
    Rejected(Reason),
    /// The client went away.
    Broken,
}

/// Does the handshake.
async fn open(
    arrival: Arrival,
    head_deadline: Option<Instant>,
) -> Result<quinn::Connection, NotOpened> {
    let Arrival {
        info,
        endpoint,
        incoming,
        config,
        pending: _pending,
    } = arrival;
    let tls = (endpoint.options.tls.as_ref()).and_then(|tls| tls.quic().ok());
    let tls = tls.ok_or(NotOpened::Broken)?;
    let measured = Handshake::begin(&info);
    let handshake = async {
        tls.refresh().await;
        incoming.accept_with(config)?.await
    };
    let failed = |error| match error {
        ConnectionError::TransportError(_) | ConnectionError::VersionMismatch => {
            NotOpened::Rejected(Reason::TlsHandshake)
        }
        _ => NotOpened::Broken,
    };
    let late = |_| NotOpened::Rejected(Reason::TlsHandshake);
    let in_time = async {
        match tls.handshake_timeout() {
            Some(time) => timeout(time, handshake)
                .await
                .map_err(late)?
                .map_err(failed),
            None => handshake.await.map_err(failed),
        }
    };
    let late = |_| NotOpened::Rejected(Reason::RequestHeadTimeout);
    let quic = match head_deadline {
        Some(deadline) => timeout_at(deadline, in_time).await.map_err(late)??,
        None => in_time.await?,
    };
    measured.done(TlsVersion::Tls13);
    Ok(quic)
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
