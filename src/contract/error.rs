use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::body::BoxError;
use crate::features::{AddressError, MissingFeature};

/// Why a server or a host could not start, serve or stop.
///
/// Opaque: ask [`is_bind`](Self::is_bind) and its like, not the text. The text says what went wrong at
/// this level; [`source`](StdError::source) has the cause. Both together, on one line, are
/// [`report`](Self::report).
///
/// ```
/// use std::error::Error as _;
/// use transom::Error;
///
/// let cause = std::io::Error::from(std::io::ErrorKind::AddrInUse);
/// let error = Error::bind("http://127.0.0.1:80", cause);
/// assert!(error.is_bind() && error.source().is_some());
/// assert_eq!(error.to_string(), "failed to bind to http://127.0.0.1:80");
/// assert!(error.report().starts_with("failed to bind to http://127.0.0.1:80: "));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    source: Option<BoxError>,
}

#[derive(Debug)]
enum Kind {
    Bind(String),
    Configuration(String),
    Serve(String),
    ShutdownTimeout { grace: Duration, aborted: String },
}

impl Error {
    /// An address could not be bound.
    pub fn bind(address: impl fmt::Display, cause: impl Into<BoxError>) -> Self {
        Self::new(Kind::Bind(address.to_string()), Some(cause.into()))
    }

    /// Something that the program or its settings asked for is wrong; `what` says so in full.
    pub fn configuration(what: impl Into<String>) -> Self {
        Self::new(Kind::Configuration(what.into()), None)
    }

    /// As [`configuration`](Self::configuration), with a cause.
    pub fn configuration_from(what: impl Into<String>, cause: impl Into<BoxError>) -> Self {
        Self::new(Kind::Configuration(what.into()), Some(cause.into()))
    }

    /// A server that was serving failed by itself.
    pub fn serve(server: impl fmt::Display, cause: impl Into<BoxError>) -> Self {
        Self::new(Kind::Serve(server.to_string()), Some(cause.into()))
    }

    /// The time to drain ran out; `aborted` says what was cut off.
    pub fn shutdown_timeout(grace: Duration, aborted: impl Into<String>) -> Self {
        let aborted = aborted.into();
        Self::new(Kind::ShutdownTimeout { grace, aborted }, None)
    }

    /// Returns whether an address could not be bound.
    pub fn is_bind(&self) -> bool {
        matches!(self.0.kind, Kind::Bind(_))
    }

    /// Returns whether what was asked for is wrong: an address, a setting, a name.
    pub fn is_configuration(&self) -> bool {
        matches!(self.0.kind, Kind::Configuration(_))
    }

    /// Returns whether a serving server failed by itself.
    pub fn is_serve(&self) -> bool {
        matches!(self.0.kind, Kind::Serve(_))
    }

    /// Returns whether the time to drain ran out and requests were aborted.
    pub fn is_shutdown_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::ShutdownTimeout { .. })
    }

    /// Returns the error and all its causes on one line, for a person to read.
    pub fn report(&self) -> String {
        let mut line = self.to_string();
        let mut next = self.source();
        while let Some(cause) = next {
            line.push_str(": ");
            line.push_str(&cause.to_string());
            next = cause.source();
        }
        line
    }

    fn new(kind: Kind, source: Option<BoxError>) -> Self {
        Self(Box::new(Inner { kind, source }))
    }
}

impl From<AddressError> for Error {
    fn from(error: AddressError) -> Self {
        Self::configuration(error.to_string())
    }
}

impl From<MissingFeature> for Error {
    fn from(error: MissingFeature) -> Self {
        Self::configuration(error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Bind(address) => write!(f, "failed to bind to {address}"),
            Kind::Configuration(what) => f.write_str(what),
            Kind::Serve(server) => write!(f, "the server {server} failed"),
            Kind::ShutdownTimeout { grace, aborted } => {
                write!(
                    f,
                    "not everything ended within {grace:?} of the request to stop; aborted {aborted}"
                )
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
