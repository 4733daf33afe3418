//! The body of a request on its way to the application. The framework's own is not `Send`.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use futures_core::Stream;
use futures_core::future::LocalBoxFuture;
use transom::Body;
use transom::adapter::{BodySender, body_pump};
use transom::body;

/// Moves a body frame by frame, as the application reads it. Dropping it breaks the body off.
pub(crate) struct Pump {
    payload: Payload,
    stage: Stage,
    /// What is left of the announced length, where the engine does not count.
    left: Option<u64>,
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
    pub(crate) fn new(payload: Payload, length: Option<u64>, unbounded: bool) -> (Self, Body) {
        let (sender, body) = body_pump(length);
        let pump = Self {
            payload,
            stage: Stage::Waiting(Box::pin(async move {
                sender.polled().await;
                sender
            })),
            left: length.filter(|_| unbounded),
        };
        (pump, body)
    }

    /// Moves what there is to move.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        if self.poll_done(cx).is_ready() {
            self.stage = Stage::Done;
            self.payload = Payload::None;
        }
    }

    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Stage::Waiting(waiting) = &mut self.stage {
            self.stage = Stage::Reading(ready!(waiting.as_mut().poll(cx)));
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
            match ready!(Pin::new(&mut self.payload).poll_next(cx)) {
                Some(Ok(mut data)) => {
                    if let Some(left) = &mut self.left {
                        let wanted = usize::try_from(*left).unwrap_or(usize::MAX);
                        data.truncate(wanted);
                        *left -= data.len() as u64;
                    }
                    // There is room: it was just waited for.
                    let _ = pin!(sender.data(data)).poll(cx);
                }
                Some(Err(error)) => return self.fail(&error),
                // The end of the connection is not the end of a body that is too short.
                None if self.left.is_some() => return Poll::Ready(()),
                None => return self.finish(),
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
