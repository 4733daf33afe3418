use std::time::Duration;

/// What a server at the edge of the Internet is told to hold its clients to, so that a case need not wait for
/// half a minute. What is `None` stays as the server has it.
///
/// A target makes such a server of it; see [`Target::with_edge`](crate::Target::with_edge).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Edge {
    /// How long everything may take from the start of a connection to the end of its first head, and each head
    /// after it from its first byte.
    pub head_timeout: Option<Duration>,
    /// How long a connection may be idle between requests.
    pub keep_alive_timeout: Option<Duration>,
    /// How fast the body of a request has to arrive, in bytes a second, and how long it may be slower.
    pub request_body_rate: Option<(u32, Duration)>,
    /// How fast a response has to be read, in bytes a second, and how long it may be slower.
    pub response_rate: Option<(u32, Duration)>,
    /// How long a connection may last, give or take a tenth.
    pub connection_age: Option<Duration>,
    /// How many connections there may be.
    pub connections: Option<usize>,
    /// How many of them may come from one address.
    pub connections_per_address: Option<usize>,
    /// How many upgraded connections there may be.
    pub upgraded_connections: Option<usize>,
    /// How many requests a connection may carry.
    pub requests_per_connection: Option<u64>,
    /// How many requests a connection may carry at once, where it can carry more than one.
    pub requests_at_once: Option<u32>,
    /// How long the first line of a request may be, in bytes, or the path in place of it.
    pub request_line: Option<usize>,
    /// How long the fields of a request may be in all, in bytes.
    pub request_head: Option<usize>,
    /// How many fields a request may have.
    pub request_fields: Option<usize>,
    /// Whether each connection is from a proxy, on this machine, and begins with a header of the PROXY protocol.
    pub proxy_protocol: bool,
}
