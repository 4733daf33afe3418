use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::mount::Life;
use crate::adapter::ResponseBody;
use crate::body::Error;
use crate::signal::Listener;

/// The body of a response of a [`Mount`](super::Mount), for the framework to send. Its request is in flight
/// until it is dropped.
///
/// An error of it is no end: the framework has to break the response off. One whose first frame is an error
/// is that of an application that hung up.
pub struct MountBody(Inner);

enum Inner {
    Empty,
    /// The response must not be sent.
    HungUp,
    Sent {
        body: ResponseBody,
        life: Arc<Life>,
        aborted: Listener,
        /// Whether the length is kept from the framework, so that it sends chunks, which trailers can
        /// follow.
        chunked: bool,
    },
}

impl MountBody {
    pub(super) fn empty() -> Self {
        Self(Inner::Empty)
    }

    pub(super) fn hung_up() -> Self {
        Self(Inner::HungUp)
    }

    pub(super) fn new(body: ResponseBody, life: Arc<Life>, chunked: bool) -> Self {
        Self(Inner::Sent {
            body,
            life,
            aborted: Listener::default(),
            chunked,
        })
    }

    /// Returns whether the application hung up: there is nothing to send, and the connection (HTTP/2: the
    /// stream) is to be closed.
    pub fn is_hung_up(&self) -> bool {
        matches!(self.0, Inner::HungUp)
    }
}

impl HttpBody for MountBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.0 {
            Inner::Empty => Poll::Ready(None),
            Inner::HungUp => Poll::Ready(Some(Err(Error::new("the application hung up")))),
            Inner::Sent {
                body,
                life,
                aborted,
                ..
            } => {
                if life.aborted.is_fired() {
                    return Poll::Ready(Some(Err(is_aborted())));
                }
                match Pin::new(body).poll_frame(cx) {
                    Poll::Pending => life
                        .aborted
                        .poll_wait(aborted, cx)
                        .map(|()| Some(Err(is_aborted()))),
                    ready => ready,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Empty => true,
            Inner::HungUp => false,
            Inner::Sent { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Empty => SizeHint::with_exact(0),
            Inner::HungUp | Inner::Sent { chunked: true, .. } => SizeHint::default(),
            Inner::Sent { body, .. } => body.size_hint(),
        }
    }
}

impl fmt::Debug for MountBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Empty => f.write_str("MountBody(empty)"),
            Inner::HungUp => f.write_str("MountBody(hung up)"),
            Inner::Sent { body, .. } => f.debug_tuple("MountBody").field(body).finish(),
        }
    }
}

fn is_aborted() -> Error {
    Error::new("the mount was aborted")
}
