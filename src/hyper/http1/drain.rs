//! What is left of a body that the application did not read.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::Instant;

/// How long reading what is left may take.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Reads the rest of a body that nobody wants, so that the connection can be used again.
pub(super) struct Drain {
    incoming: Incoming,
    left: u64,
    /// When it is not worth more time.
    pub(super) deadline: Instant,
    pub(super) ended: bool,
}

impl Drain {
    /// `max` is how much it may be, in bytes.
    pub(super) fn new(incoming: Incoming, max: u64) -> Self {
        Self {
            incoming,
            left: max,
            deadline: Instant::now() + DRAIN_TIME,
            ended: false,
        }
    }

    /// Ready when it is read, or too much.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            let Some(Ok(frame)) = frame else {
                self.ended = frame.is_none();
                return Poll::Ready(());
            };
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            match self.left.checked_sub(length) {
                Some(left) => self.left = left,
                None => return Poll::Ready(()),
            }
            // hyper says nothing more before the next head, if the response went first.
            if frame.is_trailers() || self.incoming.is_end_stream() {
                self.ended = true;
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}
