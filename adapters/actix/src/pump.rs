//! The body of a request on its way to the application. The engine's own is not `Send`.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_http::Payload;
use actix_http::error::PayloadError;
use futures_core::Stream;
use futures_core::future::LocalBoxFuture;
use transom::Body;
use transom::adapter::{BodySender, body_pump};
use transom::body;

use crate::link::Link;

/// Moves a body frame by frame, as the application reads it. Dropping it breaks the body off.
pub(crate) struct Pump {
    payload: Payload,
    stage: Stage,
    /// What is left of the announced length, where the engine does not count.
    left: Option<u64>,
    link: Rc<Link>,
}

enum Stage {
    /// The application has not begun to read.
    Waiting(LocalBoxFuture<'static, BodySender>),
    Reading(BodySender),
    Done,
}

impl Pump {
    /// Returns the pump and the body that it fills. `length` is what was announced; the engine ends the
    /// body by itself unless it is `unbounded`.
    pub(crate) fn new(
        payload: Payload,
        length: Option<u64>,
        unbounded: bool,
        link: Rc<Link>,
    ) -> (Self, Body) {
        let (sender, body) = body_pump(length);
        link.set_body_waits(true);
        let pump = Self {
            payload,
            stage: Stage::Waiting(Box::pin(async move {
                sender.polled().await;
                sender
            })),
            left: length.filter(|_| unbounded),
            link,
        };
        (pump, body)
    }

    /// Moves what there is to move.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        if self.poll_done(cx).is_ready() {
            self.end();
        }
    }

    /// Returns whether the body ended, or the application dropped it.
    pub(crate) fn is_done(&self) -> bool {
        match &self.stage {
            Stage::Waiting(_) => false,
            Stage::Reading(sender) => sender.is_closed(),
            Stage::Done => true,
        }
    }

    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Stage::Waiting(waiting) = &mut self.stage {
            let sender = ready!(waiting.as_mut().poll(cx));
            if !sender.is_closed() {
                self.link.want_body();
            }
            self.stage = Stage::Reading(sender);
        }
        loop {
            let Stage::Reading(sender) = &mut self.stage else {
                return Poll::Ready(());
            };
            if ready!(pin!(sender.ready()).poll(cx)).is_err() {
                return Poll::Ready(());
            }
            if self.left == Some(0) {
                return self.finish();
            }
            match Pin::new(&mut self.payload).poll_next(cx) {
                Poll::Ready(Some(Ok(mut data))) => {
                    self.link.set_body_waits(true);
                    if let Some(left) = &mut self.left {
                        let wanted = usize::try_from(*left).unwrap_or(usize::MAX);
                        data.truncate(wanted);
                        *left -= data.len() as u64;
                    }
                    // There is room: it was just waited for.
                    let _ = pin!(sender.data(data)).poll(cx);
                }
                Poll::Ready(Some(Err(error))) => return self.fail(&error),
                // The end of the connection is not the end of a body that is too short.
                Poll::Ready(None) if self.left.is_some() => return Poll::Ready(()),
                Poll::Ready(None) => return self.finish(),
                Poll::Pending => {
                    self.link.set_body_waits(false);
                    return Poll::Pending;
                }
            }
        }
    }

    fn finish(&mut self) -> Poll<()> {
        if let Stage::Reading(sender) = std::mem::replace(&mut self.stage, Stage::Done) {
            sender.finish();
        }
        Poll::Ready(())
    }

    fn fail(&mut self, error: &PayloadError) -> Poll<()> {
        if let Stage::Reading(sender) = std::mem::replace(&mut self.stage, Stage::Done) {
            sender.fail(match error {
                PayloadError::Incomplete(_) | PayloadError::Io(_) => {
                    body::Error::disconnected_by(Broken(error.to_string()))
                }
                _ => body::Error::new(Broken(error.to_string())),
            });
        }
        Poll::Ready(())
    }

    fn end(&mut self) {
        self.stage = Stage::Done;
        self.payload = Payload::None;
        self.link.set_body_waits(false);
    }
}

/// What the engine said of a body; its own error is not `Send`.
#[derive(Debug)]
struct Broken(String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Broken {}
