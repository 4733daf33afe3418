use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_channel::mpsc;
use futures_util::{Sink, Stream, StreamExt};
use http::HeaderValue;

use super::driver::Incoming;
use super::{CloseFrame, Message, WebSocketError};

/// A WebSocket that is open, for its handler; see [`WebSocketUpgrade::run`](super::WebSocketUpgrade::run).
///
/// It is a `Stream` of what the client sends, and a `Sink` of what it is sent.
#[derive(Debug)]
pub struct WebSocket {
    sender: WebSocketSender,
    receiver: WebSocketReceiver,
    protocol: Option<HeaderValue>,
}

impl WebSocket {
    pub(super) fn new(
        sender: mpsc::Sender<Message>,
        receiver: mpsc::Receiver<Incoming>,
        protocol: Option<HeaderValue>,
    ) -> Self {
        Self {
            sender: WebSocketSender(sender),
            receiver: WebSocketReceiver(receiver),
            protocol,
        }
    }

    /// Returns the sub-protocol that is agreed upon.
    #[doc(alias = "SubProtocol")]
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_ref()?.to_str().ok()
    }

    /// As [`WebSocketReceiver::recv`].
    ///
    /// # Errors
    ///
    /// As [`WebSocketReceiver::recv`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no message.
    #[doc(alias = "ReceiveAsync")]
    pub async fn recv(&mut self) -> Option<Result<Message, WebSocketError>> {
        self.receiver.recv().await
    }

    /// As [`WebSocketSender::send`].
    ///
    /// # Errors
    ///
    /// As [`WebSocketSender::send`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the message is not sent.
    #[doc(alias = "SendAsync")]
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), WebSocketError> {
        self.sender.send(message).await
    }

    /// As [`WebSocketSender::close`].
    ///
    /// # Errors
    ///
    /// As [`WebSocketSender::send`].
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocketSender::send`].
    #[doc(alias = "CloseAsync")]
    pub async fn close(&mut self, frame: impl Into<CloseFrame>) -> Result<(), WebSocketError> {
        self.sender.close(frame).await
    }

    /// Returns both directions, each for itself. Who drops the receiver throws away what the client says; who keeps it
    /// has to read it, for a client that is not read cannot be heard to be there either.
    pub fn split(self) -> (WebSocketSender, WebSocketReceiver) {
        (self.sender, self.receiver)
    }
}

/// Sends to the client; see [`WebSocket::split`]. Its clones send to the same.
#[derive(Clone)]
pub struct WebSocketSender(mpsc::Sender<Message>);

impl WebSocketSender {
    /// Hands a message to the connection, when that has room for it: a client that reads slowly makes this slow, and
    /// not a queue long. That the client got it is for the client to say.
    ///
    /// # Errors
    ///
    /// The connection is over, or closing.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the message is not sent.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), WebSocketError> {
        poll_fn(|cx| self.poll_room(cx)).await?;
        self.hand_over(message.into())
    }

    /// Closes: sends this as the last. What the client still says can be received, up to its own close.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn close(&mut self, frame: impl Into<CloseFrame>) -> Result<(), WebSocketError> {
        self.send(frame.into()).await
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        self.0.poll_ready(cx).map_err(|_| WebSocketError::closed())
    }

    fn hand_over(&mut self, message: Message) -> Result<(), WebSocketError> {
        let sent = self.0.start_send(message);
        sent.map_err(|_| WebSocketError::closed())
    }
}

impl Sink<Message> for WebSocketSender {
    type Error = WebSocketError;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        self.poll_room(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), WebSocketError> {
        self.hand_over(message)
    }

    /// Ready when there is room for another message: the last is on its way.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        self.poll_ready(cx)
    }

    /// Closes without a code. Nothing happens if that is under way.
    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        if ready!(self.poll_room(cx)).is_ok() {
            let _ = self.hand_over(Message::Close(None));
        }
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for WebSocketSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketSender")
            .field("closed", &self.0.is_closed())
            .finish()
    }
}

/// Receives from the client; see [`WebSocket::split`].
pub struct WebSocketReceiver(mpsc::Receiver<Incoming>);

impl WebSocketReceiver {
    /// Returns what the client sends next. Its [close](Message::Close) is the last of it, unless it goes without one.
    /// `None` after that, and once the server has begun to stop.
    ///
    /// # Errors
    ///
    /// The connection broke, was silent for too long, or what came is against the rules. It is the last.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no message.
    pub async fn recv(&mut self) -> Option<Result<Message, WebSocketError>> {
        self.0.next().await
    }
}

impl Stream for WebSocketReceiver {
    type Item = Result<Message, WebSocketError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for WebSocketReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebSocketReceiver")
    }
}

impl Stream for WebSocket {
    type Item = Result<Message, WebSocketError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_next_unpin(cx)
    }
}

impl Sink<Message> for WebSocket {
    type Error = WebSocketError;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        Pin::new(&mut self.sender).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), WebSocketError> {
        Pin::new(&mut self.sender).start_send(message)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        Pin::new(&mut self.sender).poll_flush(cx)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        Pin::new(&mut self.sender).poll_close(cx)
    }
}
