//! A UDP socket, and the connections that it yields.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use quinn::{EndpointConfig, Incoming, TokioRuntime};

use super::code::Code;
use super::config::Config;
use crate::features::{ConnectionInfo, Endpoint, Transport};
use crate::hyper::accept::ServedEndpoint;
use crate::hyper::options::Limits;

/// How long clients may take to hear that their connections are closed.
const DRAIN: Duration = Duration::from_secs(1);

/// A client that wants to connect.
pub(in crate::hyper) struct Arrival {
    pub(in crate::hyper) info: ConnectionInfo,
    pub(in crate::hyper) endpoint: Arc<ServedEndpoint>,
    pub(super) incoming: Incoming,
    pub(super) config: Arc<quinn::ServerConfig>,
    pub(super) pending: Pending,
}

impl Arrival {
    /// Tells the client that it cannot connect now.
    pub(in crate::hyper) fn refuse(self) {
        self.incoming.refuse();
    }
}

/// Accepts the connections of one UDP socket.
pub(in crate::hyper) struct QuicAcceptor {
    endpoint: quinn::Endpoint,
    config: Config,
    accepting: Pin<Box<dyn Future<Output = Option<Incoming>> + Send>>,
    local: Option<SocketAddr>,
    pending: Arc<AtomicUsize>,
    max_pending: usize,
}

impl QuicAcceptor {
    /// The most connections that are accepted in a row before others get their turn.
    const BATCH: usize = 64;

    pub(in crate::hyper) fn new(
        socket: UdpSocket,
        endpoint: &ServedEndpoint,
        limits: &Limits,
    ) -> io::Result<Self> {
        let mut config = Config::new(limits);
        let first = config
            .current(&endpoint.options)
            .map_err(io::Error::other)?;
        let endpoint = quinn::Endpoint::new(
            EndpointConfig::default(),
            Some((*first).clone()),
            socket,
            Arc::new(TokioRuntime),
        )?;
        Ok(Self {
            local: endpoint.local_addr().ok(),
            accepting: accept(&endpoint),
            endpoint,
            config,
            pending: Arc::default(),
            max_pending: limits.http3().max_pending_handshakes(),
        })
    }

    /// Accepts what there is.
    pub(in crate::hyper) fn poll(
        &mut self,
        endpoint: &Arc<ServedEndpoint>,
        cx: &mut Context<'_>,
        mut accepted: impl FnMut(Arrival),
    ) {
        for _ in 0..Self::BATCH {
            let Poll::Ready(incoming) = self.accepting.as_mut().poll(cx) else {
                return;
            };
            self.accepting = accept(&self.endpoint);
            // `None` as long as the endpoint is closed, which it is once this is dropped.
            let Some(incoming) = incoming else { return };
            if let Some(arrival) = self.admit(endpoint, incoming) {
                accepted(arrival);
            }
        }
        cx.waker().wake_by_ref();
    }

    /// Refuses what there is: a client that is only ignored would go on asking.
    pub(in crate::hyper) fn refuse(
        &mut self,
        endpoint: &Arc<ServedEndpoint>,
        cx: &mut Context<'_>,
    ) {
        self.poll(endpoint, cx, Arrival::refuse);
    }

    /// Closes the connections that are left, and waits until the clients have heard it, for a while.
    pub(in crate::hyper) async fn close(self) {
        self.endpoint.close(Code::NO_ERROR.into(), b"");
        let _ = tokio::time::timeout(DRAIN, self.endpoint.wait_idle()).await;
    }

    fn admit(&mut self, endpoint: &Arc<ServedEndpoint>, incoming: Incoming) -> Option<Arrival> {
        let pending = self.pending.load(Ordering::Acquire);
        if pending >= self.max_pending {
            incoming.refuse();
            return None;
        }
        if pending >= self.max_pending / 10 && incoming.may_retry() {
            // RFC 9000, section 8.1.2. It cannot fail where it may be done.
            let _ = incoming.retry();
            return None;
        }
        let config = match self.config.current(&endpoint.options) {
            Ok(config) => config,
            Err(error) => {
                tracing::error!(target: "transom", %error, "a connection cannot be secured");
                incoming.refuse();
                return None;
            }
        };
        let mut info = ConnectionInfo::new(Transport::Quic)
            .with_remote(Endpoint::Udp(incoming.remote_address()));
        if let Some(mut local) = self.local {
            // The socket may be one of every address.
            local.set_ip(incoming.local_ip().unwrap_or(local.ip()));
            info = info.with_local(Endpoint::Udp(local));
        }
        Some(Arrival {
            info,
            endpoint: Arc::clone(endpoint),
            incoming,
            config,
            pending: Pending::new(&self.pending),
        })
    }
}

impl Drop for QuicAcceptor {
    fn drop(&mut self) {
        self.endpoint.close(Code::NO_ERROR.into(), b"");
    }
}

/// Counts a handshake that is under way.
pub(super) struct Pending(Arc<AtomicUsize>);

impl Pending {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(count))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn accept(endpoint: &quinn::Endpoint) -> Pin<Box<dyn Future<Output = Option<Incoming>> + Send>> {
    let endpoint = endpoint.clone();
    Box::pin(async move { endpoint.accept().await })
}
