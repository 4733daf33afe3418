//! Fills the body of a request that the application reads.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use transom::adapter::BodySender;
use transom::body::Error;
use transom::features::RequestLifetime;
use trillium_http::Headers;

use crate::head;
use crate::intake::Buffer;

/// Where the body of a request comes from.
pub(crate) trait Source: Send {
    /// Whether a piece is read before there is room for it: where that is the only way to hear of the client.
    const EAGER: bool;

    /// Reads a piece; an empty one is the end.
    fn piece(&mut self, buffer: &mut Buffer) -> impl Future<Output = io::Result<Bytes>> + Send;

    /// Takes the trailers, at the end.
    fn trailers(&mut self) -> Option<Headers>;

    /// Waits until nobody can be answered any more, and tells the application if the client closed its side.
    fn poll_gone(&mut self, cx: &mut Context<'_>, lifetime: &RequestLifetime) -> Poll<io::Error>;

    /// Returns whether the client's side has ended, so that what is missing will not come.
    fn is_cut(&self) -> bool;
}

/// The body of a request on its way to the application.
pub(crate) struct Feed {
    /// `None` when all was handed over, or it broke off.
    sender: Option<BodySender>,
    buffer: Buffer,
    ahead: Option<Bytes>,
    complete: bool,
}

impl Feed {
    /// `length` is what the request announced.
    pub(crate) fn new(sender: BodySender, length: Option<u64>) -> Self {
        Self {
            sender: Some(sender),
            buffer: Buffer::new(length),
            ahead: None,
            complete: false,
        }
    }

    /// Sets what was read already, and into what.
    pub(crate) fn with_ahead(self, buffer: Buffer, piece: Option<Bytes>) -> Self {
        Self {
            buffer,
            ahead: piece,
            ..self
        }
    }

    /// Returns whether the body was read to its end.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Returns whether the body broke off: what follows on the connection is not the next request.
    pub(crate) fn is_broken(&self) -> bool {
        !self.complete && self.sender.is_none()
    }

    /// Returns whether the application still wants something of the body.
    pub(crate) fn is_wanted(&self) -> bool {
        let sender = self.sender.as_ref();
        sender.is_some_and(|sender| !sender.is_closed())
    }

    /// Returns whether the application has begun to read.
    pub(crate) fn is_begun(&self) -> bool {
        self.sender.as_ref().is_none_or(BodySender::is_polled)
    }

    /// Hands the body over, until it ends or the application drops it. It may itself be dropped at any time, and
    /// called again with another source of the same body.
    ///
    /// # Errors
    ///
    /// Nobody can be answered any more.
    pub(crate) async fn fill<S: Source>(
        &mut self,
        source: &mut S,
        lifetime: &RequestLifetime,
    ) -> io::Result<()> {
        let Some(sender) = &mut self.sender else {
            return Ok(());
        };
        if !S::EAGER {
            // The engine sends `100 Continue` when it is first asked for the body.
            while_there(sender.polled(), source, lifetime).await?;
        }
        loop {
            if !S::EAGER
                && while_there(sender.ready(), source, lifetime)
                    .await?
                    .is_err()
            {
                return Ok(());
            }
            if self.ahead.is_none() {
                match source.piece(&mut self.buffer).await {
                    Ok(piece) => self.ahead = Some(piece),
                    Err(error) => {
                        let cut = source.is_cut();
                        if let Some(sender) = self.sender.take() {
                            sender.fail(broken_off(error, cut));
                        }
                        if cut {
                            lifetime.disconnect();
                        }
                        return Ok(());
                    }
                }
            }
            if S::EAGER
                && while_there(sender.ready(), source, lifetime)
                    .await?
                    .is_err()
            {
                return Ok(());
            }
            match self.ahead.take() {
                Some(piece) if !piece.is_empty() => {
                    if sender.data(piece).await.is_err() {
                        return Ok(());
                    }
                }
                _ => break,
            }
        }
        self.complete = true;
        let trailers = source.trailers().and_then(|fields| head::fields(&fields));
        if let Some(trailers) = trailers.filter(|trailers| !trailers.is_empty())
            && while_there(sender.trailers(trailers), source, lifetime)
                .await?
                .is_err()
        {
            return Ok(());
        }
        if let Some(sender) = self.sender.take() {
            sender.finish();
        }
        Ok(())
    }
}

/// Awaits something of the application's while the client is there.
async fn while_there<S: Source, F: Future>(
    awaited: F,
    source: &mut S,
    lifetime: &RequestLifetime,
) -> io::Result<F::Output> {
    let mut awaited = pin!(awaited);
    poll_fn(|cx| {
        if let Poll::Ready(output) = awaited.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        source.poll_gone(cx, lifetime).map(Err)
    })
    .await
}

fn broken_off(error: io::Error, cut: bool) -> Error {
    match cut {
        true => Error::disconnected_by(error),
        false => Error::new(error),
    }
}
