//! What is left of a body that the application did not read.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::Sleep;

/// How much of a body that the application left is read and dropped, so that the connection can be used
/// again.
pub(super) const MAX_DRAIN: u64 = 1024 * 1024;
/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Reads the rest of a body that nobody wants.
pub(super) struct Drain {
    incoming: Incoming,
    left: u64,
    deadline: Pin<Box<Sleep>>,
    pub(super) ended: bool,
}

impl Drain {
    pub(super) fn new(incoming: Incoming) -> Self {
        Self {
            incoming,
            left: MAX_DRAIN,
            deadline: Box::pin(tokio::time::sleep(DRAIN_TIME)),
            ended: false,
        }
    }

    /// Ready when it is read, or not worth more.
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
        }
        self.deadline.as_mut().poll(cx)
    }
}
