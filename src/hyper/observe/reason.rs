use http::StatusCode;

/// Why the server itself refused a request, or refused or ended a connection: what a client did not do right,
/// did not do in time, or took too much of.
///
/// It prints as the name that logs and metrics know it by, which is that of Kestrel's where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionReason {
    /// There were as many connections as there may be.
    MaxConnections,
    /// There were as many from its address.
    MaxConnectionsPerAddress,
    /// There were as many upgraded connections as there may be.
    MaxUpgradedConnections,
    /// The head of a request, or what comes before the first one, took too long.
    RequestHeadTimeout,
    /// Nothing was asked for too long. It ends a connection, and is told to nobody: an idle connection has done
    /// nothing wrong.
    KeepAliveTimeout,
    /// The body of a request came too slowly.
    MinRequestBodyRate,
    /// A response was read too slowly.
    MinResponseRate,
    /// What was in flight when the connection reached its age took too long.
    MaxConnectionAge,
    /// A request was malformed, too large, or not to be answered for another reason; its status tells.
    InvalidRequest,
    /// HTTP/2 and HTTP/3: the client sent too much that carries neither a request nor data (RFC 9113, section 10.5;
    /// RFC 9114, section 10.5).
    Flood,
    /// HTTP/2 and HTTP/3: the client broke the protocol.
    Protocol,
    /// The PROXY protocol was asked for, and what came was something else.
    InvalidProxyHeader,
    /// The peer is none of the proxies that may connect.
    UntrustedProxy,
    /// The TLS handshake failed.
    TlsHandshake,
}

impl RejectionReason {
    /// Returns the name for logs and metrics, where it is the `error.type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MaxConnections => "max_connections_exceeded",
            Self::MaxConnectionsPerAddress => "max_connections_per_address_exceeded",
            Self::MaxUpgradedConnections => "max_upgraded_connections_exceeded",
            Self::RequestHeadTimeout => "request_headers_timeout",
            Self::KeepAliveTimeout => "keep_alive_timeout",
            Self::MinRequestBodyRate => "min_request_body_data_rate",
            Self::MinResponseRate => "min_response_data_rate",
            Self::MaxConnectionAge => "max_connection_age_exceeded",
            Self::InvalidRequest => "invalid_request",
            Self::Flood => "enhance_your_calm",
            Self::Protocol => "protocol_error",
            Self::InvalidProxyHeader => "invalid_proxy_header",
            Self::UntrustedProxy => "untrusted_proxy",
            Self::TlsHandshake => "tls_handshake_failed",
        }
    }

    /// Returns the status for a client that can be answered, if that follows from the reason.
    pub(super) fn status(self) -> Option<StatusCode> {
        match self {
            Self::RequestHeadTimeout | Self::MinRequestBodyRate => {
                Some(StatusCode::REQUEST_TIMEOUT)
            }
            Self::MaxUpgradedConnections => Some(StatusCode::SERVICE_UNAVAILABLE),
            _ => None,
        }
    }
}

impl std::fmt::Display for RejectionReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
