use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use transom::body::Error;
use windows_sys::Win32::Foundation::{ERROR_HANDLE_EOF, ERROR_OPERATION_ABORTED, ERROR_SUCCESS};

use super::arrival::Arrival;
use super::delegation::Hold;
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
    /// Where the request may be handed to another, until it is read.
    hold: Option<Arc<Hold>>,
}

impl Inflow {
    /// Returns the body of a request whose announced length this is.
    pub(crate) fn new(
        queue: &Arc<RequestQueue>,
        arrival: &mut Arrival,
        length: Option<u64>,
        hold: Option<Arc<Hold>>,
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
            hold,
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
        if !this.is_end_stream() && this.hold.take().is_some_and(|hold| !hold.keep()) {
            this.ready.clear();
            this.has_more = false;
            return Poll::Ready(Some(Err(Error::new(
                "the request was handed to another queue",
            ))));
        }
        if let Some(data) = this.ready.pop_front() {
            return this.hand_over(data);
        }
        if !this.has_more {
            return Poll::Ready(None);
        }
        let (queue, request) = (&this.queue, this.request);
        let mut again = false;
        let (outcome, mut data) = loop {
            let reading = this
                .reading
                .get_or_insert_with(|| queue.receive_body(request, vec![0; PIECE]));
            let (outcome, data) = ready!(Pin::new(reading).poll(cx));
            this.reading = None;
            // Nobody here has cancelled it: of a request that is over, the next call says so.
            if again || outcome.error != ERROR_OPERATION_ABORTED {
                break (outcome, data);
            }
            again = true;
        };
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

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::task::Waker;

    use http::{StatusCode, Version};

    use super::super::sys::Api;
    use super::*;
    use crate::RequestQueueMode;

    /// Reads what there is of a body that came with its head.
    fn read(content: &'static str, hold: &Arc<Hold>) -> Vec<Result<Bytes, String>> {
        let _api = Api::initialize().unwrap();
        let opened = RequestQueue::open(None, RequestQueueMode::Create, None).unwrap();
        let mut arrival = Arrival {
            id: 1,
            connection: 1,
            raw_connection: 1,
            context: 0,
            version: Version::HTTP_11,
            head: Err(StatusCode::OK),
            content: vec![content.into()],
            has_more_content: false,
            remote: None,
            local: None,
            is_secure: false,
            tls: None,
            user: None,
            info: None,
        };
        let hold = Some(Arc::clone(hold));
        let mut body = Inflow::new(&opened.queue, &mut arrival, None, hold);
        let mut read = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut context) {
            let frame = frame.map(|frame| frame.into_data().unwrap());
            read.push(frame.map_err(|error| error.source().unwrap().to_string()));
        }
        assert!(body.is_end_stream());
        read
    }

    #[test]
    fn a_body_that_is_read_keeps_its_request_here() {
        let hold = Arc::new(Hold::default());
        assert_eq!(read("", &hold), []);
        assert!(hold.is_whole(), "nothing was read");
        assert_eq!(read("body", &hold), [Ok("body".into())]);
        assert!(!hold.is_whole());
        assert!(hold.keep());
    }

    #[test]
    fn the_body_of_a_request_that_was_handed_over_cannot_be_read() {
        let hold = Arc::new(Hold::delegated());
        let error = "the request was handed to another queue".to_owned();
        assert_eq!(read("body", &hold), [Err(error)]);
        assert_eq!(read("", &hold), []);
    }
}
