//! The body of a request on its way to the application. The framework's own lives no longer than its request.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use rocket::data::DataStream;
use tokio::io::{AsyncRead, ReadBuf};
use transom::Body;
use transom::adapter::{BodySender, body_pump};
use transom::body;

const BUFFER: usize = 16 * 1024;

/// Moves a body frame by frame, as the application reads it. Dropping it breaks the body off.
pub(crate) struct Pump<'r> {
    data: Option<DataStream<'r>>,
    stage: Stage,
    buffer: Box<[u8]>,
    /// What is left of the announced length. A body that fails while it is peeked at is, for Rocket, one
    /// that ends.
    left: Option<u64>,
}

enum Stage {
    /// The application has not begun to read.
    Waiting(Pin<Box<dyn Future<Output = BodySender> + Send>>),
    Reading(BodySender),
    Done,
}

impl<'r> Pump<'r> {
    /// Returns the pump and the body that it fills. `length` is what was announced.
    pub(crate) fn new(data: DataStream<'r>, length: Option<u64>) -> (Self, Body) {
        let (sender, body) = body_pump(length);
        let pump = Self {
            data: Some(data),
            stage: Stage::Waiting(Box::pin(async move {
                sender.polled().await;
                sender
            })),
            buffer: Box::default(),
            left: length,
        };
        (pump, body)
    }

    /// Moves what there is to move.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        if self.poll_done(cx).is_ready() {
            self.stage = Stage::Done;
            self.data = None;
        }
    }

    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Stage::Waiting(waiting) = &mut self.stage {
            self.stage = Stage::Reading(ready!(waiting.as_mut().poll(cx)));
            self.buffer = vec![0; BUFFER].into();
        }
        loop {
            let (Stage::Reading(sender), Some(data)) = (&mut self.stage, &mut self.data) else {
                return Poll::Ready(());
            };
            if ready!(pin!(sender.ready()).poll(cx)).is_err() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut self.buffer);
            let read = ready!(Pin::new(data).poll_read(cx, &mut buffer));
            match read {
                Ok(()) if buffer.filled().is_empty() => {
                    let is_whole = self.left.unwrap_or(0) == 0;
                    return self.end(|sender| match is_whole {
                        true => sender.finish(),
                        false => sender.fail(body::Error::disconnected()),
                    });
                }
                Ok(()) => {
                    if let Some(left) = &mut self.left {
                        *left = left.saturating_sub(buffer.filled().len() as u64);
                    }
                    let data = Bytes::copy_from_slice(buffer.filled());
                    // There is room: it was just waited for.
                    let _ = pin!(sender.data(data)).poll(cx);
                }
                Err(error) => {
                    return self.end(|sender| sender.fail(body::Error::disconnected_by(error)));
                }
            }
        }
    }

    fn end(&mut self, end: impl FnOnce(BodySender)) -> Poll<()> {
        if let Stage::Reading(sender) = std::mem::replace(&mut self.stage, Stage::Done) {
            end(sender);
        }
        Poll::Ready(())
    }
}
