//! The body of a request on its way to the application. The engine's own is not `Send`.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use actix_http::Payload;
use actix_http::error::PayloadError;
use bytes::Bytes;
use futures_core::Stream;
use futures_core::future::LocalBoxFuture;
use transom::Body;
use transom::adapter::{BodySender, body_pump};
use transom::body;

use crate::link::Link;

/// How many frames of a stream are read ahead of the application, at most.
const AHEAD: usize = 8;

/// Moves a body frame by frame, as the application reads it. Dropping it breaks the body off.
pub(crate) struct Pump {
    payload: Payload,
    stage: Stage,
    /// What was read to see whether the stream is still there.
    ahead: VecDeque<Bytes>,
    /// It ended, and was not dropped before.
    ended: bool,
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
            ahead: VecDeque::new(),
            ended: false,
            stage: Stage::Waiting(Box::pin(async move {
                sender.polled().await;
                sender
            })),
            left: length.filter(|_| unbounded),
            link,
        };
        (pump, body)
    }

    /// Returns the pump of a stream of HTTP/2 and its body, of which the engine does not tell whether there is
    /// one.
    pub(crate) fn of_stream(
        payload: Payload,
        length: Option<u64>,
        link: Rc<Link>,
    ) -> (Self, Option<Body>) {
        let (mut pump, body) = Self::new(payload, length, false, link);
        let first = Pin::new(&mut pump.payload).poll_next(&mut Context::from_waker(Waker::noop()));
        match first {
            Poll::Ready(None) => {
                pump.stage = Stage::Done;
                pump.ended = true;
                (pump, None)
            }
            Poll::Ready(Some(Ok(data))) => {
                pump.ahead.push_back(data);
                (pump, Some(body))
            }
            // An error is told again.
            _ => (pump, Some(body)),
        }
    }

    /// Returns the pump of a stream whose client waits for a tunnel: what it sends is no body.
    pub(crate) fn of_tunnel(payload: Payload, link: Rc<Link>) -> Self {
        Self {
            payload,
            stage: Stage::Done,
            ahead: VecDeque::new(),
            ended: true,
            left: None,
            link,
        }
    }

    /// Moves what there is to move.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        if self.poll_done(cx).is_ready() {
            self.end();
        }
        if self.link.is_stream() {
            self.look(cx);
        }
    }

    /// Looks whether the client has reset the stream: the engine says so only to who reads it. A few
    /// frames are read ahead for that, and no more.
    fn look(&mut self, cx: &mut Context<'_>) {
        self.link.park(cx);
        while self.ahead.len() < AHEAD {
            match Pin::new(&mut self.payload).poll_next(cx) {
                Poll::Ready(Some(Ok(data))) => self.ahead.push_back(data),
                Poll::Ready(Some(Err(error))) => {
                    let _ = self.fail(&error);
                    self.end();
                    return;
                }
                Poll::Ready(None) | Poll::Pending => return,
            }
        }
    }

    /// Returns whether the body ended, or the application dropped it.
    pub(crate) fn is_done(&self) -> bool {
        match &self.stage {
            Stage::Waiting(_) => false,
            Stage::Reading(sender) => sender.is_closed(),
            Stage::Done => !(self.link.is_stream() && self.ended),
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
            let next = match self.ahead.pop_front() {
                Some(data) => Poll::Ready(Some(Ok(data))),
                None => Pin::new(&mut self.payload).poll_next(cx),
            };
            match next {
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
        self.ended = true;
        if let Stage::Reading(sender) = std::mem::replace(&mut self.stage, Stage::Done) {
            sender.finish();
        }
        Poll::Ready(())
    }

    fn fail(&mut self, error: &PayloadError) -> Poll<()> {
        if self.link.is_stream() {
            self.link.close_by_client();
            self.ended = false;
        }
        if let Stage::Reading(sender) = std::mem::replace(&mut self.stage, Stage::Done) {
            sender.fail(match error {
                PayloadError::Incomplete(_)
                | PayloadError::Io(_)
                | PayloadError::Http2Payload(_) => {
                    body::Error::disconnected_by(Broken(error.to_string()))
                }
                _ => body::Error::new(Broken(error.to_string())),
            });
        }
        Poll::Ready(())
    }

    fn end(&mut self) {
        self.stage = Stage::Done;
        if !(self.link.is_stream() && self.ended) {
            self.payload = Payload::None;
            self.ahead.clear();
        }
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
