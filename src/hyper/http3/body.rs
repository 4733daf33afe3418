//! The body of a request, read from its stream as the application asks for it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::code::Code;
use super::connection::Link;
use super::frames::{Fault, Frames, Part};
use super::head;
use super::pace::Clock;
use crate::body::Error;
use crate::hyper::options::Limits;
use crate::signal::Signal;

/// What the body of a request and the task that answers the request tell each other.
#[derive(Default)]
pub(super) struct Exchange {
    /// The application reads the body.
    pub(super) read: Signal,
    /// What the client sent ends the request...
    pub(super) failed: Signal,
    /// ... for this reason.
    why: OnceLock<Code>,
    /// The body came too slowly.
    pub(super) late: AtomicBool,
}

impl Exchange {
    /// Returns why the request ends, once that is so.
    pub(super) async fn failure(&self) -> Code {
        self.failed.wait().await;
        self.why().unwrap_or(Code::INTERNAL_ERROR)
    }

    /// As [`failure`](Self::failure), if it is so already.
    pub(super) fn why(&self) -> Option<Code> {
        self.why.get().copied()
    }

    fn fail(&self, why: Code) {
        let _ = self.why.set(why);
        self.failed.fire();
    }
}

/// The body of a request. What is left of it when it is dropped the client is asked not to send.
pub(super) struct RequestBody {
    /// Gone at the end of the body.
    frames: Option<Frames>,
    /// They came, and are handed over when nothing follows them.
    trailers: Option<HeaderMap>,
    /// How much of the announced length is still to come.
    left: Option<u64>,
    clock: Clock,
    exchange: Arc<Exchange>,
    link: Arc<Link>,
    limits: Arc<Limits>,
}

impl RequestBody {
    pub(super) fn new(
        frames: Option<Frames>,
        length: Option<u64>,
        exchange: Arc<Exchange>,
        link: Arc<Link>,
        limits: Arc<Limits>,
    ) -> Self {
        Self {
            frames,
            trailers: None,
            left: length,
            clock: Clock::new(limits.min_request_body_rate()),
            exchange,
            link,
            limits,
        }
    }

    /// Ends the request, and returns what the application is told.
    fn malformed(&mut self, why: &'static str) -> Error {
        if let Some(mut frames) = self.frames.take() {
            frames.stop(Code::MESSAGE_ERROR);
        }
        self.exchange.fail(Code::MESSAGE_ERROR);
        Error::new(why)
    }

    fn faulty(&mut self, fault: &Fault) -> Error {
        match fault {
            Fault::Cancelled | Fault::Lost => {
                self.frames = None;
                Error::disconnected()
            }
            Fault::TooLarge => self.malformed("the trailers of the request are too large"),
            Fault::Connection(code, why) => {
                self.frames = None;
                self.link.violated(*code, why);
                Error::new(*why)
            }
        }
    }

    /// Takes a part in. `None`: there is nothing to hand over yet.
    fn part(&mut self, part: Part) -> Option<Option<Result<Frame<Bytes>, Error>>> {
        match part {
            Part::Data(data) => {
                if let Some(left) = &mut self.left {
                    match left.checked_sub(data.len() as u64) {
                        Some(less) => *left = less,
                        None => return Some(Some(Err(self.malformed(TOO_LONG)))),
                    }
                }
                Some(Some(Ok(Frame::data(data))))
            }
            Part::Section(section) => match head::trailers(&section, &self.limits) {
                Ok(trailers) => {
                    self.trailers = Some(trailers);
                    None
                }
                Err(head::Refusal::Undecodable) => Some(Some(Err(self.faulty(&UNDECODABLE)))),
                Err(_) => Some(Some(Err(self.malformed(MALFORMED)))),
            },
            Part::End => {
                self.frames = None;
                Some(match self.left.take() {
                    None | Some(0) => self.trailers.take().map(Frame::trailers).map(Ok),
                    Some(_) => Some(Err(self.malformed(TOO_SHORT))),
                })
            }
        }
    }
}

const MALFORMED: &str = "the trailers of the request are malformed";
const TOO_LONG: &str = "the body of the request is longer than its Content-Length";
const TOO_SHORT: &str = "the body of the request is shorter than its Content-Length";
pub(super) const UNDECODABLE: Fault = Fault::Connection(
    Code::QPACK_DECOMPRESSION_FAILED,
    "a section of fields cannot be decoded",
);

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        loop {
            let Some(frames) = &mut this.frames else {
                return Poll::Ready(None);
            };
            this.exchange.read.fire();
            let part = match frames.poll_next(cx) {
                Poll::Ready(Ok(part)) => part,
                Poll::Ready(Err(fault)) => {
                    return Poll::Ready(Some(Err(this.faulty(&fault))));
                }
                Poll::Pending => {
                    ready!(this.clock.poll_late(cx));
                    this.frames = None;
                    this.exchange.late.store(true, Ordering::Release);
                    return Poll::Ready(Some(Err(Error::timeout())));
                }
            };
            this.clock.advance(match &part {
                Part::Data(data) => data.len(),
                _ => 0,
            });
            if let Some(frame) = this.part(part) {
                return Poll::Ready(frame);
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.frames, self.left) {
            (None, _) => SizeHint::with_exact(0),
            (Some(_), Some(left)) => SizeHint::with_exact(left),
            (Some(_), None) => SizeHint::default(),
        }
    }
}
