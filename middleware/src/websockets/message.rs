use bytes::Bytes;
use tokio_tungstenite::tungstenite;

use super::{CloseFrame, Text};

/// One message of a WebSocket.
///
/// Pings and pongs are not among them: every ping is answered, and pongs are what the keep-alive waits for, whether
/// the application reads or not.
///
/// ```
/// use transom_middleware::websockets::Message;
///
/// assert_eq!(Message::from("text"), Message::Text("text".into()));
/// assert_eq!(Message::from(vec![1, 2]), Message::Binary(vec![1, 2].into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// Text.
    Text(Text),
    /// Bytes.
    Binary(Bytes),
    /// The end. Received: the client closes, and is answered by itself. Sent: the last message; whatever is sent after
    /// it fails.
    Close(Option<CloseFrame>),
}

impl Message {
    /// Returns the text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a message as the application sees it; `None` for what is none of its business.
    pub(super) fn of_library(message: tungstenite::Message) -> Option<Self> {
        match message {
            tungstenite::Message::Text(text) => Some(Self::Text(Text::of_library(text))),
            tungstenite::Message::Binary(bytes) => Some(Self::Binary(bytes)),
            tungstenite::Message::Close(frame) => {
                Some(Self::Close(frame.map(CloseFrame::of_library)))
            }
            _ => None,
        }
    }

    pub(super) fn into_library(self) -> tungstenite::Message {
        match self {
            Self::Text(text) => tungstenite::Message::Text(text.into_library()),
            Self::Binary(bytes) => tungstenite::Message::Binary(bytes),
            Self::Close(frame) => tungstenite::Message::Close(frame.map(CloseFrame::into_library)),
        }
    }
}

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<CloseFrame> for Message {
    fn from(frame: CloseFrame) -> Self {
        Self::Close(Some(frame))
    }
}
