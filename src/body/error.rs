use std::error::Error as StdError;
use std::fmt;

use http_body_util::LengthLimitError;

/// Any error, boxed: what layers and foreign bodies fail with.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// Why a body could not be read to its end.
///
/// Opaque; ask [`is_length_limit`](Self::is_length_limit) and its like.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::Body;
///
/// let error = Body::from("twelve bytes").collect(5).await.unwrap_err();
/// assert!(error.is_length_limit());
/// assert_eq!(error.to_string(), "the body is longer than the limit of 5 bytes");
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
pub struct Error(Kind);

#[derive(Debug)]
enum Kind {
    LengthLimit(Option<u64>),
    Disconnected(Option<BoxError>),
    Timeout,
    Other(BoxError),
}

impl Error {
    /// Wraps an error of a body; one that is or holds a [`body::Error`](Error) or another library's
    /// length limit keeps its meaning.
    pub fn new(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(same) => *same,
            Err(other) if other.is::<LengthLimitError>() => Self(Kind::LengthLimit(None)),
            Err(other) => Self(Kind::Other(other)),
        }
    }

    /// The body is longer than `limit` bytes.
    pub fn length_limit(limit: u64) -> Self {
        Self(Kind::LengthLimit(Some(limit)))
    }

    /// The peer went away before the body was complete.
    pub fn disconnected() -> Self {
        Self(Kind::Disconnected(None))
    }

    /// As [`disconnected`](Self::disconnected), with what the transport said.
    pub fn disconnected_by(cause: impl Into<BoxError>) -> Self {
        Self(Kind::Disconnected(Some(cause.into())))
    }

    /// The peer sent the body too slowly.
    pub fn timeout() -> Self {
        Self(Kind::Timeout)
    }

    /// Returns whether the body is longer than it may be.
    pub fn is_length_limit(&self) -> bool {
        matches!(self.0, Kind::LengthLimit(_))
    }

    /// Returns whether the peer went away before the body was complete.
    pub fn is_disconnect(&self) -> bool {
        matches!(self.0, Kind::Disconnected(_))
    }

    /// Returns whether the peer sent the body too slowly.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0, Kind::Timeout)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::LengthLimit(Some(limit)) => {
                write!(f, "the body is longer than the limit of {limit} bytes")
            }
            Kind::LengthLimit(None) => f.write_str("the body is longer than its limit"),
            Kind::Disconnected(_) => f.write_str("the peer went away before the body was complete"),
            Kind::Timeout => f.write_str("the peer sent the body too slowly"),
            Kind::Other(_) => f.write_str("the body could not be read"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("body::Error").field(&self.0).finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            Kind::Disconnected(Some(cause)) | Kind::Other(cause) => Some(&**cause),
            _ => None,
        }
    }
}
