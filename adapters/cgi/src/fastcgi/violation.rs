//! What makes a connection useless.

use std::fmt;

use super::record::Kind;

/// A peer does not keep to FastCGI, so that what follows cannot be understood: the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// Records have this version.
    Version(u8),
    /// A record of the connection is of one request.
    OfARequest(Kind),
    /// A record of a request is of the connection.
    OfTheConnection(Kind),
    /// A record is one that only an application sends.
    OfAnApplication(Kind),
    /// A record has a length that its kind cannot have.
    Length(Kind, u16),
    /// A request begins that has not ended.
    BegunTwice(u16),
    /// A stream goes on behind its end.
    AfterEnd(Kind),
    /// A list of names and values ends inside of one.
    Pairs,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => {
                write!(f, "a record has the version {version}; FastCGI has 1")
            }
            Self::OfARequest(kind) => {
                write!(f, "a record {kind:?} has the id of a request; it has 0")
            }
            Self::OfTheConnection(kind) => {
                write!(
                    f,
                    "a record {kind:?} has the id 0; it has that of a request"
                )
            }
            Self::OfAnApplication(kind) => {
                write!(f, "a web server sent {kind:?}, which applications send")
            }
            Self::Length(kind, length) => {
                write!(f, "a record {kind:?} cannot have {length} bytes")
            }
            Self::BegunTwice(id) => {
                write!(f, "the request {id} was begun again before it ended")
            }
            Self::AfterEnd(kind) => write!(f, "the stream {kind:?} went on behind its end"),
            Self::Pairs => f.write_str("a list of names and values ends inside of one"),
        }
    }
}

impl std::error::Error for Violation {}
