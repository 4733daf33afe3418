use std::fmt;

use tokio_tungstenite::tungstenite::protocol;

use super::Text;

/// How long a reason may be, in bytes: a control frame has 125, and the code takes two.
const LONGEST_REASON: usize = 123;

/// Why a WebSocket ends.
///
/// ```
/// use transom_middleware::websockets::{CloseCode, CloseFrame};
///
/// let frame = CloseFrame::new(CloseCode::POLICY_VIOLATION, "log in first");
/// assert_eq!(frame.code().as_u16(), 1008);
/// assert_eq!(frame.reason(), "log in first");
/// ```
#[doc(alias = "WebSocketCloseStatus")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    code: CloseCode,
    reason: Text,
}

impl CloseFrame {
    /// Returns a frame. Of the reason the first 123 bytes are kept, which is what a frame has room for.
    pub fn new(code: CloseCode, reason: impl Into<Text>) -> Self {
        let mut reason = reason.into();
        if reason.len() > LONGEST_REASON {
            reason = reason[..reason.floor_char_boundary(LONGEST_REASON)].into();
        }
        Self { code, reason }
    }

    /// Returns the code.
    pub fn code(&self) -> CloseCode {
        self.code
    }

    /// Returns the reason; often empty.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub(super) fn of_library(frame: protocol::CloseFrame) -> Self {
        Self {
            code: CloseCode(frame.code.into()),
            reason: Text::of_library(frame.reason),
        }
    }

    pub(super) fn into_library(self) -> protocol::CloseFrame {
        protocol::CloseFrame {
            code: self.code.0.into(),
            reason: self.reason.into_library(),
        }
    }
}

impl From<CloseCode> for CloseFrame {
    fn from(code: CloseCode) -> Self {
        Self::new(code, "")
    }
}

/// The number that says why a WebSocket ends; RFC 6455, section 7.4.
///
/// ```
/// use transom_middleware::websockets::CloseCode;
///
/// assert_eq!(CloseCode::GOING_AWAY.as_u16(), 1001);
/// assert!(CloseCode::new(4000).is_some(), "of the application's own choice");
/// assert!(CloseCode::new(1006).is_none(), "it says that no frame came, and cannot be sent");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: what it was opened for is done.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server stops, or the page was left.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the protocol was broken.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: not the kind of message that can be dealt with.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1007: text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: against the rules of the application.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message that is too long.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// 1011: the server failed.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the server starts again.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: the server has too much to do; later, perhaps.
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// Returns a code that may be sent: 1000 to 1003, 1007 to 1013, or 3000 to 4999.
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1013 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// Returns the number.
    pub const fn as_u16(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters_where_the_frame_ends() {
        let frame = CloseFrame::new(CloseCode::NORMAL, "é".repeat(100));
        assert_eq!(frame.reason(), "é".repeat(61));
        let frame = CloseFrame::new(CloseCode::NORMAL, "a".repeat(123));
        assert_eq!(frame.reason().len(), 123);
    }

    #[test]
    fn every_code_that_may_be_sent_comes_back_from_the_library() {
        for code in 0..=u16::MAX {
            let Some(code) = CloseCode::new(code) else {
                continue;
            };
            let frame = CloseFrame::from(code).into_library();
            assert!(frame.code.is_allowed(), "{code}");
            assert_eq!(CloseFrame::of_library(frame).code(), code);
        }
    }
}
