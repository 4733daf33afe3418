//! The body of a request on its way to the application: the session has it, and the answer too.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use pingora_core::protocols::http::ServerSession;
use pingora_core::{Error, ErrorType};
use transom::Body;
use transom::adapter::{BodySender, body_pump};
use transom::body;

/// How much of a body that nobody reads is skipped, so that the connection can be used again.
const SKIPPED: usize = 64 * 1024;

/// Moves a body piece by piece, as the application reads it. Dropping it breaks the body off.
pub(crate) struct Pump {
    stage: Stage,
    /// The client waits to be told to send it.
    pub(crate) expected: bool,
    /// It did not come to its end. The engine takes it for done all the same.
    broke: bool,
}

enum Stage {
    /// The application has not begun to read.
    Waiting(Pin<Box<dyn Future<Output = BodySender> + Send>>),
    Reading(BodySender),
    Done,
}

impl Pump {
    /// Returns the pump and the body that it fills. `length` is what was announced.
    pub(crate) fn new(length: Option<u64>, expected: bool) -> (Self, Body) {
        let (sender, filled) = body_pump(length);
        let pump = Self {
            stage: Stage::Waiting(Box::pin(async move {
                sender.polled().await;
                sender
            })),
            expected,
            broke: false,
        };
        (pump, filled)
    }

    /// A body that is none.
    pub(crate) fn none() -> Self {
        Self {
            stage: Stage::Done,
            expected: false,
            broke: false,
        }
    }

    /// Skips what is there of a body that the application dropped, and returns whether the next request is behind
    /// what was read, or will be.
    pub(crate) fn may_go_on(&mut self, cx: &mut Context<'_>, session: &mut ServerSession) -> bool {
        let _ = self.poll_wanted(cx);
        let is_dropped = match &self.stage {
            Stage::Waiting(_) => false,
            Stage::Reading(sender) => sender.is_closed(),
            Stage::Done => return !self.broke,
        };
        let mut skipped = 0;
        while is_dropped && !self.expected && skipped < SKIPPED {
            match pin!(session.read_request_body()).poll(cx) {
                Poll::Ready(Ok(None)) => {
                    self.stage = Stage::Done;
                    return true;
                }
                Poll::Ready(Ok(Some(data))) => skipped += data.len(),
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        !is_dropped
    }

    /// Returns whether the body was read to its end.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.stage, Stage::Done) && !self.broke
    }

    /// Moves what there is to move. Ready when the application wants what the client was not yet told to send.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, session: &mut ServerSession) -> Poll<()> {
        ready!(self.poll_wanted(cx));
        loop {
            let Stage::Reading(sender) = &mut self.stage else {
                return Poll::Pending;
            };
            if ready!(pin!(sender.ready()).poll(cx)).is_err() {
                return Poll::Pending;
            }
            if self.expected {
                return Poll::Ready(());
            }
            // The engine can be asked anew: a read that was not done has taken nothing.
            let read = ready!(pin!(session.read_request_body()).poll(cx));
            self.fill(read, cx);
        }
    }

    /// Ready once the application has begun to read the body, or dropped it.
    fn poll_wanted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Stage::Waiting(waiting) = &mut self.stage {
            let sender = ready!(waiting.as_mut().poll(cx));
            self.stage = Stage::Reading(sender);
        }
        Poll::Ready(())
    }

    fn fill(&mut self, read: pingora_core::Result<Option<Bytes>>, cx: &mut Context<'_>) {
        match read {
            // There is room: it was just waited for.
            Ok(Some(data)) if data.is_empty() => {}
            Ok(Some(data)) => {
                if let Stage::Reading(sender) = &mut self.stage {
                    let _ = pin!(sender.data(data)).poll(cx);
                }
            }
            Ok(None) => {
                if let Stage::Reading(sender) = std::mem::replace(&mut self.stage, Stage::Done) {
                    sender.finish();
                }
            }
            Err(error) => {
                self.broke = true;
                if let Stage::Reading(sender) = std::mem::replace(&mut self.stage, Stage::Done) {
                    sender.fail(broken(error));
                }
            }
        }
    }
}

/// What the engine says of a body that broke: its chunks are malformed, or the rest of it will not come.
fn broken(error: Box<Error>) -> body::Error {
    match error.etype() {
        ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::H2Error => {
            body::Error::disconnected_by(error)
        }
        _ => body::Error::new(error),
    }
}
