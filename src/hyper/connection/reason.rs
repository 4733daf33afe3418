//! Why the server itself ended a connection, or refused a request.

/// Why the server itself ended a connection, or refused a request: what a client did not do in time, or
/// took too much of. Handed to [`Server::rejected`](super::Server::rejected).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hyper) enum Reason {
    /// There were as many connections as there may be.
    MaxConnections,
    /// There were as many from its address.
    MaxConnectionsPerAddress,
    /// There were as many upgraded connections as there may be.
    MaxUpgradedConnections,
    /// The head of a request, or what comes before the first one, took too long.
    RequestHeadTimeout,
    /// Nothing was asked for too long.
    KeepAliveTimeout,
    /// The body of a request came too slowly.
    MinRequestBodyRate,
    /// A response was read too slowly.
    MinResponseRate,
    /// What was in flight when the connection reached its age took too long.
    MaxConnectionAge,
    /// HTTP/2: the client sent too much that carries neither a request nor data.
    Flood,
    /// HTTP/2: the client broke the protocol.
    Protocol,
}

impl Reason {
    /// Returns the name for logs and metrics: that of OpenTelemetry's `error.type` where there is one.
    pub(in crate::hyper) fn as_str(self) -> &'static str {
        match self {
            Self::MaxConnections => "max_connections_exceeded",
            Self::MaxConnectionsPerAddress => "max_connections_per_address_exceeded",
            Self::MaxUpgradedConnections => "max_upgraded_connections_exceeded",
            Self::RequestHeadTimeout => "request_headers_timeout",
            Self::KeepAliveTimeout => "keep_alive_timeout",
            Self::MinRequestBodyRate => "min_request_body_data_rate",
            Self::MinResponseRate => "min_response_data_rate",
            Self::MaxConnectionAge => "max_connection_age_exceeded",
            Self::Flood => "enhance_your_calm",
            Self::Protocol => "protocol_error",
        }
    }
}
