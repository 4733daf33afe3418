use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Text of a message: a `str` that is cheap to clone.
///
/// ```
/// use transom_middleware::websockets::Text;
///
/// let text = Text::from("is anybody there?");
/// assert!(text.ends_with('?'));
/// assert_eq!(text, "is anybody there?");
/// assert_eq!(text.into_bytes().len(), 17);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text(Utf8Bytes);

impl Text {
    /// Returns the text as it is.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the bytes, without copying them.
    pub fn into_bytes(self) -> Bytes {
        self.0.into()
    }

    pub(super) fn of_library(text: Utf8Bytes) -> Self {
        Self(text)
    }

    pub(super) fn into_library(self) -> Utf8Bytes {
        self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
