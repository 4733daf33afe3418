use std::error::Error;
use std::{fmt, io};

use tokio_tungstenite::tungstenite;
use tungstenite::error::ProtocolError;

use super::CloseCode;

/// Why a WebSocket failed.
#[derive(Debug)]
pub struct WebSocketError(Kind);

#[derive(Debug)]
enum Kind {
    Closed,
    Lost(Option<io::Error>),
    TimedOut,
    TooBig(String),
    NotUtf8,
    Protocol(String),
}

impl WebSocketError {
    pub(super) fn closed() -> Self {
        Self(Kind::Closed)
    }

    pub(super) fn timed_out() -> Self {
        Self(Kind::TimedOut)
    }

    pub(super) fn of_library(error: tungstenite::Error) -> Self {
        Self(match error {
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
                Kind::Closed
            }
            tungstenite::Error::Io(error) => Kind::Lost(Some(error)),
            tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                Kind::Lost(None)
            }
            tungstenite::Error::Protocol(error) => Kind::Protocol(error.to_string()),
            tungstenite::Error::Capacity(error) => Kind::TooBig(error.to_string()),
            tungstenite::Error::Utf8(_) => Kind::NotUtf8,
            other => Kind::Lost(Some(io::Error::other(other))),
        })
    }

    /// Returns whether the connection was closed before, in an orderly way; by the server too, which closes when it
    /// stops.
    pub fn is_closed(&self) -> bool {
        matches!(self.0, Kind::Closed)
    }

    /// Returns whether the connection ended without a word.
    pub fn is_lost(&self) -> bool {
        matches!(self.0, Kind::Lost(_))
    }

    /// Returns whether the client gave no sign of life in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0, Kind::TimedOut)
    }

    /// Returns whether the client sent a message that is longer than allowed.
    pub fn is_too_big(&self) -> bool {
        matches!(self.0, Kind::TooBig(_))
    }

    /// Returns whether the client broke the protocol, or sent text that is not UTF-8.
    pub fn is_protocol(&self) -> bool {
        matches!(self.0, Kind::Protocol(_) | Kind::NotUtf8)
    }

    /// Returns what a client is told that is still there.
    pub(super) fn close_code(&self) -> Option<CloseCode> {
        match self.0 {
            Kind::Closed | Kind::Lost(_) | Kind::TimedOut => None,
            Kind::TooBig(_) => Some(CloseCode::MESSAGE_TOO_BIG),
            Kind::NotUtf8 => Some(CloseCode::INVALID_PAYLOAD),
            Kind::Protocol(_) => Some(CloseCode::PROTOCOL_ERROR),
        }
    }
}

impl fmt::Display for WebSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Closed => f.write_str("the WebSocket is closed"),
            Kind::Lost(_) => f.write_str("the connection ended without a closing handshake"),
            Kind::TimedOut => f.write_str("the client gave no sign of life"),
            Kind::NotUtf8 => f.write_str("a text that is not UTF-8"),
            Kind::TooBig(why) | Kind::Protocol(why) => f.write_str(why),
        }
    }
}

impl Error for WebSocketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Lost(Some(error)) => Some(error),
            _ => None,
        }
    }
}
