use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_channel::mpsc;
use futures_core::Stream;
use futures_util::future;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, Error};
use crate::signal::Signal;

/// Returns a body and the side that fills it, for an engine whose own body is not `Send`, or blocks.
///
/// At most two frames wait between them, so a slow application slows the client. `length` is what the
/// request announced. A sender that is dropped without [`finish`](BodySender::finish) breaks the body
/// off: an error is never the end of a body.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::adapter::body_pump;
///
/// let (mut sender, body) = body_pump(None);
/// let pump = tokio::spawn(async move {
///     sender.polled().await; // the time to send `100 Continue`
///     sender.data("one ").await?;
///     sender.data("two").await?;
///     sender.finish();
///     Ok::<_, transom::adapter::PumpClosed>(())
/// });
/// assert_eq!(body.collect(64).await?, "one two");
/// pump.await??;
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub fn body_pump(length: Option<u64>) -> (BodySender, Body) {
    // One place of its own for the sender, and one shared.
    let (sender, receiver) = mpsc::channel(1);
    let reader = Arc::new(Reader::default());
    let body = PumpedBody {
        receiver,
        reader: Arc::clone(&reader),
        left: length,
        ended: false,
    };
    (BodySender { sender, reader }, Body::new(body))
}

/// What the sender may know of the side that reads.
#[derive(Default)]
struct Reader {
    polled: Signal,
    dropped: Signal,
}

enum Step {
    Frame(Frame<Bytes>),
    Failed(Error),
    End,
}

/// Fills a body; see [`body_pump`].
pub struct BodySender {
    sender: mpsc::Sender<Step>,
    reader: Arc<Reader>,
}

impl BodySender {
    /// Waits until the application first reads the body, or drops it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn polled(&self) {
        self.reader.polled.wait().await;
    }

    /// Returns whether the application has begun to read the body, or dropped it.
    pub fn is_polled(&self) -> bool {
        self.reader.polled.is_fired()
    }

    /// Returns whether the application dropped the body.
    pub fn is_closed(&self) -> bool {
        self.reader.dropped.is_fired()
    }

    /// Waits until the application drops the body.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn closed(&self) {
        self.reader.dropped.wait().await;
    }

    /// Waits until there is room for a frame.
    ///
    /// # Errors
    ///
    /// The application dropped the body.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn ready(&mut self) -> Result<(), PumpClosed> {
        future::poll_fn(|cx| self.sender.poll_ready(cx))
            .await
            .map_err(|_| PumpClosed(()))
    }

    /// Sends data, when there is room for it.
    ///
    /// # Errors
    ///
    /// The application dropped the body.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may lose the data; await [`ready`](Self::ready) first where that matters.
    pub async fn data(&mut self, data: impl Into<Bytes>) -> Result<(), PumpClosed> {
        self.send(Step::Frame(Frame::data(data.into()))).await
    }

    /// Sends trailers, which end the body but for [`finish`](Self::finish).
    ///
    /// # Errors
    ///
    /// The application dropped the body.
    pub async fn trailers(&mut self, trailers: HeaderMap) -> Result<(), PumpClosed> {
        self.send(Step::Frame(Frame::trailers(trailers))).await
    }

    /// Ends the body well. What was sent is delivered first.
    pub fn finish(mut self) {
        self.end(Step::End);
    }

    /// Ends the body with an error. What was sent is delivered first.
    pub fn fail(mut self, error: Error) {
        self.end(Step::Failed(error));
    }

    async fn send(&mut self, step: Step) -> Result<(), PumpClosed> {
        self.ready().await?;
        self.sender.try_send(step).map_err(|_| PumpClosed(()))
    }

    fn end(&mut self, step: Step) {
        // A clone has a place of its own in the channel, so the last step never waits for room.
        let _ = self.sender.clone().try_send(step);
    }
}

impl fmt::Debug for BodySender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySender")
            .field("polled", &self.is_polled())
            .finish_non_exhaustive()
    }
}

/// The application dropped the body that was being filled; see [`BodySender`].
#[derive(Clone, Debug)]
pub struct PumpClosed(());

impl fmt::Display for PumpClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the application dropped the body")
    }
}

impl std::error::Error for PumpClosed {}

struct PumpedBody {
    receiver: mpsc::Receiver<Step>,
    reader: Arc<Reader>,
    left: Option<u64>,
    ended: bool,
}

impl HttpBody for PumpedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.reader.polled.fire();
        if self.ended {
            return Poll::Ready(None);
        }
        match ready!(Pin::new(&mut self.receiver).poll_next(cx)) {
            Some(Step::Frame(frame)) => {
                if let (Some(left), Some(data)) = (&mut self.left, frame.data_ref()) {
                    *left = left.saturating_sub(data.len() as u64);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Step::Failed(error)) => {
                self.ended = true;
                Poll::Ready(Some(Err(error)))
            }
            Some(Step::End) => {
                self.ended = true;
                Poll::Ready(None)
            }
            None => {
                self.ended = true;
                Poll::Ready(Some(Err(Error::disconnected())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for PumpedBody {
    fn drop(&mut self) {
        self.reader.dropped.fire();
        // Whoever waits for the first poll must not wait for ever.
        self.reader.polled.fire();
    }
}
