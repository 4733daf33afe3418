use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Bytes};
use transom::features::Upgraded;

use super::keep_alive::{KeepAlive, Silence};
use super::options::Times;
use super::watched::Watched;
use super::{CloseCode, CloseFrame, Message, WebSocketError};

/// How much is read at once, and how much is gathered before it is written.
const BUFFER: usize = 16 * 1024;

/// What the client sends, on its way to the application.
pub(super) type Incoming = Result<Message, WebSocketError>;

/// Ends when the server begins to stop.
pub(super) type Stopping = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Moves messages between the connection and the application, and does what needs neither's leave: answers pings, asks
/// a silent client, closes in order. A future that ends when the connection is over.
///
/// Each way has room for one message, so that neither side gets ahead of the other.
pub(super) struct Driver {
    stream: WebSocketStream<Watched>,
    /// `None` once the application hears no more.
    incoming: Option<mpsc::Sender<Incoming>>,
    outgoing: mpsc::Receiver<Message>,
    stopping: Option<Stopping>,
    keep_alive: KeepAlive,
    stage: Stage,
    ping_is_due: bool,
    is_unflushed: bool,
    /// The application does not take what has come, so nothing is read.
    is_held_back: bool,
    close_timeout: Duration,
    /// Runs from the first word of an end.
    deadline: Option<Pin<Box<Sleep>>>,
}

enum Stage {
    Open,
    /// What the application has sent goes out, and then this.
    Finishing(Option<CloseFrame>),
    /// All is said, and the client's word is waited for.
    Closing,
    /// The rest goes out. What still comes is thrown away where it is not the end: a connection that is closed with
    /// unread bytes is reset, and the client would not see why.
    Ending {
        drain: bool,
    },
}

/// How the messages end.
enum End {
    Orderly,
    Failed(WebSocketError),
}

impl Driver {
    pub(super) async fn new(
        connection: Upgraded,
        max_message_size: usize,
        times: Times,
        stopping: Option<Stopping>,
    ) -> (Self, mpsc::Sender<Message>, mpsc::Receiver<Incoming>) {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(max_message_size))
            .max_frame_size(Some(max_message_size));
        let connection = Watched::new(connection);
        let stream = WebSocketStream::from_raw_socket(connection, Role::Server, Some(config)).await;
        let (to_application, incoming) = mpsc::channel(0);
        let (from_application, outgoing) = mpsc::channel(0);
        let driver = Self {
            stream,
            incoming: Some(to_application),
            outgoing,
            stopping,
            keep_alive: KeepAlive::new(times.keep_alive_interval, times.keep_alive_timeout),
            stage: Stage::Open,
            ping_is_due: false,
            is_unflushed: false,
            is_held_back: false,
            close_timeout: times.close,
            deadline: None,
        };
        (driver, from_application, incoming)
    }

    /// Closes, after what the application has sent before. Its own word counts more, if it has said one.
    pub(super) fn finish(&mut self, frame: Option<CloseFrame>) {
        if matches!(self.stage, Stage::Open) {
            self.end_with(Stage::Finishing(frame));
        }
    }

    /// Says that nothing comes any more, and nothing goes.
    pub(super) fn hang_up(&mut self) {
        self.incoming = None;
        self.outgoing.close();
    }

    fn end_with(&mut self, stage: Stage) {
        self.stage = stage;
        self.outgoing.close();
        let timeout = self.close_timeout;
        let deadline = || Box::pin(tokio::time::sleep(timeout));
        self.deadline.get_or_insert_with(deadline);
    }

    /// Ready when no message comes any more.
    fn poll_messages(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let was_unflushed = self.is_unflushed;
            // First what the application has said to what came before.
            let written = self.poll_write(cx);
            // A client that broke the connection may have told why.
            if let Poll::Ready(end) = self.poll_read(cx) {
                return Poll::Ready(end);
            }
            if let Poll::Ready(Err(error)) = written {
                return Poll::Ready(end_of(error));
            }
            if was_unflushed || !self.is_unflushed {
                return Poll::Pending;
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            // Much may be in a buffer of ours already, and reading it yields to nobody.
            let progress = ready!(coop::poll_proceed(cx));
            let room = self
                .incoming
                .as_mut()
                .map(|incoming| incoming.poll_ready(cx));
            self.is_held_back = matches!(room, Some(Poll::Pending));
            match room {
                Some(Poll::Pending) => return Poll::Pending,
                Some(Poll::Ready(Err(_))) => self.incoming = None,
                Some(Poll::Ready(Ok(()))) | None => {}
            }
            let message = match ready!(self.stream.poll_next_unpin(cx)) {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Poll::Ready(end_of(error)),
                None => return Poll::Ready(End::Orderly),
            };
            progress.made_progress();
            // The library has queued a pong.
            self.is_unflushed |= message.is_ping();
            let is_close = message.is_close();
            if let (Some(message), Some(incoming)) =
                (Message::of_library(message), &mut self.incoming)
            {
                // It fails if nobody receives any more.
                let _ = incoming.start_send(Ok(message));
            }
            if is_close {
                self.incoming = None;
                self.end_with(Stage::Closing);
            }
        }
    }

    /// Never ready but with an error.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), tungstenite::Error>> {
        loop {
            ready!(self.stream.poll_ready_unpin(cx))?;
            let Some(message) = self.next_to_write(cx) else {
                break;
            };
            self.stream.start_send_unpin(message)?;
            self.is_unflushed = true;
        }
        if self.is_unflushed {
            ready!(self.stream.poll_flush_unpin(cx))?;
            self.is_unflushed = false;
            self.keep_alive.flushed();
        }
        Poll::Pending
    }

    fn next_to_write(&mut self, cx: &mut Context<'_>) -> Option<tungstenite::Message> {
        if std::mem::take(&mut self.ping_is_due) {
            return Some(tungstenite::Message::Ping(Bytes::new()));
        }
        while matches!(self.stage, Stage::Open | Stage::Finishing(_)) {
            match (self.outgoing.poll_next_unpin(cx), &mut self.stage) {
                (Poll::Ready(Some(Message::Close(frame))), _) => {
                    self.end_with(Stage::Finishing(frame));
                }
                (Poll::Ready(Some(message)), _) => return Some(message.into_library()),
                (Poll::Ready(None), Stage::Finishing(frame)) => {
                    let frame = frame.take();
                    self.stage = Stage::Closing;
                    return Some(Message::Close(frame).into_library());
                }
                (Poll::Ready(None) | Poll::Pending, _) => return None,
            }
        }
        None
    }

    /// Says what went wrong to both sides, and returns whether the connection can still be closed.
    fn fail(&mut self, error: WebSocketError) -> bool {
        tracing::debug!(%error, "a WebSocket failed");
        let code = error.close_code();
        let frame = code.map(|code| CloseFrame::new(code, error.to_string()));
        let is_closing = matches!(self.stage, Stage::Closing);
        if let Some(incoming) = &self.incoming {
            // A clone has room, even if its original has not.
            let mut last = incoming.clone();
            let _ = last.start_send(Err(error));
        }
        self.incoming = None;
        self.end_with(Stage::Ending { drain: true });
        if let (Some(frame), false) = (&frame, is_closing) {
            let frame = Message::from(frame.clone()).into_library();
            // That it fails is seen when it is flushed.
            let _ = self.stream.start_send_unpin(frame);
        }
        frame.is_some()
    }

    fn poll_end(&mut self, cx: &mut Context<'_>, drain: bool) -> Poll<()> {
        let _ = ready!(self.stream.poll_flush_unpin(cx));
        let mut connection = Pin::new(self.stream.get_mut());
        let _ = ready!(connection.as_mut().poll_shutdown(cx));
        if !drain {
            return Poll::Ready(());
        }
        let mut thrown_away = [0; 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut thrown_away);
            match ready!(connection.as_mut().poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => return Poll::Ready(()),
            }
        }
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Silence> {
        match self.stage {
            Stage::Open => {
                let traffic = self.stream.get_ref().traffic();
                self.keep_alive.poll(cx, traffic, !self.is_held_back)
            }
            _ => Poll::Pending,
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if let Some(stopping) = &mut this.stopping
            && stopping.as_mut().poll(cx).is_ready()
        {
            this.stopping = None;
            this.incoming = None;
            this.finish(Some(CloseCode::GOING_AWAY.into()));
        }
        loop {
            if let Stage::Ending { drain } = this.stage {
                if this.poll_end(cx, drain).is_ready() {
                    return Poll::Ready(());
                }
                break;
            }
            match this.poll_messages(cx) {
                Poll::Ready(End::Orderly) => this.end_with(Stage::Ending { drain: false }),
                Poll::Ready(End::Failed(error)) => {
                    if !this.fail(error) {
                        return Poll::Ready(());
                    }
                }
                Poll::Pending => match this.poll_silence(cx) {
                    Poll::Ready(Silence::Ping) => this.ping_is_due = true,
                    Poll::Ready(Silence::GiveUp) => {
                        this.fail(WebSocketError::timed_out());
                        return Poll::Ready(());
                    }
                    Poll::Pending => break,
                },
            }
        }
        match &mut this.deadline {
            Some(deadline) => deadline.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

fn end_of(error: tungstenite::Error) -> End {
    match WebSocketError::of_library(error) {
        error if error.is_closed() => End::Orderly,
        error => End::Failed(error),
    }
}
