use std::fmt;
use std::sync::Arc;

use super::{ConnectionId, Feature};

/// Names one request in logs: the connection's id and a count, or whatever middleware puts in its place.
///
/// It is written out only when it is printed.
///
/// ```
/// use transom::features::{ConnectionId, RequestIdentifier};
///
/// let identifier = RequestIdentifier::generated(ConnectionId::next(), 3);
/// assert!(identifier.to_string().ends_with(":00000003"));
/// assert_eq!(RequestIdentifier::new("from-a-header").to_string(), "from-a-header");
/// ```
#[doc(alias = "IHttpRequestIdentifierFeature")]
#[doc(alias = "TraceIdentifier")]
#[derive(Clone, Debug)]
pub struct RequestIdentifier(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Generated(ConnectionId, u32),
    Given(Arc<str>),
}

impl RequestIdentifier {
    /// Returns an identifier of the caller's choice.
    pub fn new(identifier: impl Into<Arc<str>>) -> Self {
        Self(Repr::Given(identifier.into()))
    }

    /// Returns the identifier of the `ordinal`th request of a connection; for servers.
    pub fn generated(connection: ConnectionId, ordinal: u32) -> Self {
        Self(Repr::Generated(connection, ordinal))
    }
}

impl fmt::Display for RequestIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Generated(connection, ordinal) => write!(f, "{connection}:{ordinal:08X}"),
            Repr::Given(identifier) => f.write_str(identifier),
        }
    }
}

impl Feature for RequestIdentifier {
    const NAME: &'static str = "request.identifier";
}
