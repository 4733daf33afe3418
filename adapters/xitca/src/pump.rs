//! The body of a request on its way to the application. The engine's own is not `Send`.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use futures_core::future::LocalBoxFuture;
use transom::Body;
use transom::adapter::{BodySender, body_pump};
use transom::body;
use xitca_http::body::{Body as _, Frame};
use xitca_http::{BodyError, RequestBody};

/// How much of a body that nobody reads is skipped, so that the connection can be used again.
const SKIPPED: usize = 64 * 1024;

/// Moves a body frame by frame, as the application reads it. Dropping it breaks the body off.
pub(crate) struct Pump {
    body: RequestBody,
    stage: Stage,
    /// The client waits to be told to send it.
    expected: bool,
    /// It did not come to its end.
    broke: bool,
}

enum Stage {
    /// The application has not begun to read.
    Waiting(LocalBoxFuture<'static, BodySender>),
    Reading(BodySender),
    /// The engine's body has come to its end, or broken.
    Done,
}

impl Pump {
    /// Returns the pump and the body that it fills. `length` is what was announced.
    pub(crate) fn new(body: RequestBody, length: Option<u64>, expected: bool) -> (Self, Body) {
        let (sender, filled) = body_pump(length);
        let pump = Self {
            body,
            stage: Stage::Waiting(Box::pin(async move {
                sender.polled().await;
                sender
            })),
            expected,
            broke: false,
        };
        (pump, filled)
    }

    /// Moves what there is to move. `gone` is whether the client is.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, gone: bool) {
        let _ = self.poll_done(cx, gone);
    }

    /// Skips what is there of a body that the application dropped, and returns whether the next request is behind
    /// what was read, or will be.
    pub(crate) fn may_go_on(&mut self, cx: &mut Context<'_>) -> bool {
        let _ = self.poll_wanted(cx);
        let is_dropped = match &self.stage {
            Stage::Waiting(_) => false,
            Stage::Reading(sender) => sender.is_closed(),
            Stage::Done => return !self.broke,
        };
        let mut skipped = 0;
        while is_dropped && !self.expected && skipped < SKIPPED {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(None) => {
                    self.stage = Stage::Done;
                    return true;
                }
                Poll::Ready(Some(Ok(Frame::Data(data)))) => skipped += data.len(),
                Poll::Ready(Some(Ok(Frame::Trailers(_)))) => {}
                Poll::Ready(Some(Err(_))) | Poll::Pending => break,
            }
        }
        !is_dropped
    }

    /// Ready once the application has begun to read the body, or dropped it.
    fn poll_wanted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Stage::Waiting(waiting) = &mut self.stage {
            let sender = ready!(waiting.as_mut().poll(cx));
            self.stage = Stage::Reading(sender);
        }
        Poll::Ready(())
    }

    fn poll_done(&mut self, cx: &mut Context<'_>, gone: bool) -> Poll<()> {
        ready!(self.poll_wanted(cx));
        loop {
            let Stage::Reading(sender) = &mut self.stage else {
                return Poll::Ready(());
            };
            if ready!(pin!(sender.ready()).poll(cx)).is_err() {
                return Poll::Ready(());
            }
            self.expected = false;
            // There is room: it was just waited for.
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(Frame::Data(data))) => {
                    let _ = pin!(sender.data(data)).poll(cx);
                }
                Some(Ok(Frame::Trailers(trailers))) => {
                    let _ = pin!(sender.trailers(trailers)).poll(cx);
                }
                Some(Err(error)) => return self.end(Some(broken(error, gone))),
                None => return self.end(None),
            }
        }
    }

    fn end(&mut self, error: Option<body::Error>) -> Poll<()> {
        self.broke = error.is_some();
        if let Stage::Reading(sender) = std::mem::replace(&mut self.stage, Stage::Done) {
            match error {
                None => sender.finish(),
                Some(error) => sender.fail(error),
            }
        }
        Poll::Ready(())
    }
}

/// What the engine says of a body that broke: its chunks are malformed, or the rest of it will not come.
fn broken(error: BodyError, gone: bool) -> body::Error {
    let malformed = error.downcast_ref::<io::Error>().is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        )
    });
    match malformed && !gone {
        true => body::Error::new(error),
        false => body::Error::disconnected_by(error),
    }
}
