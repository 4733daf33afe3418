//! One listener, and the connections that it yields.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

use super::ServedEndpoint;
use super::listener::{AnyListener, AnySocket};
use crate::features::ConnectionInfo;
use crate::hyper::connection::Stream;

/// How long to wait when a connection cannot be accepted for want of descriptors or memory.
const BACK_OFF: Duration = Duration::from_millis(100);

/// A connection that nothing was read from.
pub(in crate::hyper) struct Accepted {
    pub(in crate::hyper) stream: Stream,
    pub(in crate::hyper) info: ConnectionInfo,
    pub(in crate::hyper) endpoint: Arc<ServedEndpoint>,
}

/// Accepts the connections of one listener.
pub(super) struct Acceptor {
    listener: AnyListener,
    back_off: Option<Pin<Box<Sleep>>>,
}

impl Acceptor {
    /// The most connections that are accepted in a row before others get their turn.
    const BATCH: usize = 64;

    /// Listens on the runtime that this is called on.
    pub(super) fn new(socket: AnySocket) -> io::Result<Self> {
        Ok(Self {
            listener: AnyListener::new(socket)?,
            back_off: None,
        })
    }

    /// Accepts what there is. It never fails: a listener that cannot accept now is tried again.
    pub(super) fn poll(
        &mut self,
        endpoint: &Arc<ServedEndpoint>,
        cx: &mut Context<'_>,
        mut accepted: impl FnMut(Accepted),
    ) {
        for _ in 0..Self::BATCH {
            if let Some(back_off) = &mut self.back_off {
                if back_off.as_mut().poll(cx).is_pending() {
                    return;
                }
                self.back_off = None;
            }
            match self.listener.poll_accept(endpoint.options.no_delay, cx) {
                Poll::Ready(Ok((stream, info))) => accepted(Accepted {
                    stream,
                    info,
                    endpoint: Arc::clone(endpoint),
                }),
                // The client was gone before it was accepted.
                Poll::Ready(Err(error)) if is_of_one_connection(&error) => {}
                Poll::Ready(Err(error)) => {
                    tracing::error!(target: "transom", %error, endpoint = endpoint.label, "a connection cannot be accepted");
                    self.back_off = Some(Box::pin(tokio::time::sleep(BACK_OFF)));
                }
                Poll::Pending => return,
            }
        }
        cx.waker().wake_by_ref();
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}
