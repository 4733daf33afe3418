use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use transom::body::Error;
use windows_sys::Win32::Foundation::{ERROR_HANDLE_EOF, ERROR_SUCCESS};

use super::arrival::Arrival;
use super::sys::{Outcome, Pending, RequestQueue};

/// How much is asked for at a time.
const PIECE: usize = 32 * 1024;

/// The body of a request. The kernel is asked for it when it is read, and that is also when it says `100 Continue`.
pub(crate) struct Inflow {
    queue: Arc<RequestQueue>,
    request: u64,
    ready: VecDeque<Bytes>,
    /// There is more than is `ready`.
    has_more: bool,
    reading: Option<Pending<Vec<u8>>>,
    left: Option<u64>,
}

impl Inflow {
    /// Returns the body of a request whose announced length this is.
    pub(crate) fn new(
        queue: &Arc<RequestQueue>,
        arrival: &mut Arrival,
        length: Option<u64>,
    ) -> Self {
        let mut ready: VecDeque<_> = std::mem::take(&mut arrival.content).into();
        ready.retain(|piece| !piece.is_empty());
        Self {
            queue: Arc::clone(queue),
            request: arrival.id,
            ready,
            has_more: arrival.has_more_content,
            reading: None,
            left: length,
        }
    }

    fn hand_over(&mut self, data: Bytes) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(data.len() as u64);
        }
        Poll::Ready(Some(Ok(Frame::data(data))))
    }
}

impl HttpBody for Inflow {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        if let Some(data) = this.ready.pop_front() {
            return this.hand_over(data);
        }
        if !this.has_more {
            return Poll::Ready(None);
        }
        let (queue, request) = (&this.queue, this.request);
        let reading = this
            .reading
            .get_or_insert_with(|| queue.receive_body(request, vec![0; PIECE]));
        let (outcome, mut data) = ready!(Pin::new(reading).poll(cx));
        this.reading = None;
        match outcome {
            Outcome {
                error: ERROR_SUCCESS,
                bytes: 1..,
            } => {
                data.truncate(outcome.bytes as usize);
                this.hand_over(data.into())
            }
            Outcome {
                error: ERROR_SUCCESS | ERROR_HANDLE_EOF,
                ..
            } => {
                this.has_more = false;
                Poll::Ready(match this.left {
                    Some(1..) => Some(Err(Error::disconnected())),
                    _ => None,
                })
            }
            _ => {
                this.has_more = false;
                Poll::Ready(Some(Err(Error::disconnected())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && !self.has_more
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
