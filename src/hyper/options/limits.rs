use std::time::Duration;

use super::{Http2Limits, Http3Limits, MinDataRate};
use crate::contract::Error;
use crate::features::{MaxRequestBodySize, ServerLimit};

/// What clients may take of a server: bytes, connections, and time. Every limit that has a sound value for
/// everybody is on from the start.
///
/// None of the times runs while the application works, nor on an upgraded connection.
///
/// ```
/// use std::time::Duration;
/// use transom::HyperServer;
/// use transom::hyper::Limits;
///
/// let limits = Limits::default();
/// assert_eq!(limits.request_head_timeout(), Some(Duration::from_secs(30)));
/// assert_eq!(limits.max_request_head_size(), 32 * 1024);
///
/// let server = HyperServer::default().with_limits(limits.with_max_connections(Some(10_000)));
/// # drop(server);
/// ```
#[doc(alias = "KestrelServerLimits")]
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Limits {
    max_connections: Option<usize>,
    max_connections_per_address: Option<usize>,
    max_upgraded_connections: Option<usize>,
    max_requests_per_connection: Option<u64>,
    max_connection_age: Option<Duration>,
    max_connection_age_grace: Option<Duration>,
    keep_alive_timeout: Option<Duration>,
    request_head_timeout: Option<Duration>,
    max_request_line_size: usize,
    max_request_head_size: usize,
    max_request_fields: usize,
    max_request_body_size: Option<u64>,
    min_request_body_rate: Option<MinDataRate>,
    min_response_rate: Option<MinDataRate>,
    max_unread_body: u64,
    http2: Http2Limits,
    http3: Http3Limits,
}

impl Limits {
    /// Sets how many connections may be open, upgraded ones not counted; `None` for any number, the default.
    /// One more is closed as soon as it is accepted.
    pub fn with_max_connections(mut self, limit: Option<usize>) -> Self {
        self.max_connections = limit;
        self
    }

    /// Sets how many of them may come from one IP address, or from one network of 64 bits of IPv6; `None` for
    /// any number, the default.
    pub fn with_max_connections_per_address(mut self, limit: Option<usize>) -> Self {
        self.max_connections_per_address = limit;
        self
    }

    /// Sets how many upgraded connections there may be; `None` for any number, the default. One more is not
    /// upgraded: the application's `accept` fails.
    pub fn with_max_upgraded_connections(mut self, limit: Option<usize>) -> Self {
        self.max_upgraded_connections = limit;
        self
    }

    /// Sets how many requests a connection may carry; `None` for any number, the default. The last answer
    /// announces the end.
    pub fn with_max_requests_per_connection(mut self, limit: Option<u64>) -> Self {
        self.max_requests_per_connection = limit;
        self
    }

    /// Sets how long a connection may last, give or take a tenth, so that not all end at once; `None` for any
    /// time, the default. Then it ends as in a stop: what is in flight is answered.
    pub fn with_max_connection_age(mut self, time: Option<Duration>) -> Self {
        self.max_connection_age = time;
        self
    }

    /// Sets how long what is in flight may take when a connection has reached its age, before it is cut; 30 s
    /// by default, `None` for any time.
    pub fn with_max_connection_age_grace(mut self, time: Option<Duration>) -> Self {
        self.max_connection_age_grace = time;
        self
    }

    /// Sets how long a connection may be idle between requests; 130 s by default, which is longer than the 120
    /// s and less that clients and load balancers keep one, so that they close it first. `None` for any time.
    pub fn with_keep_alive_timeout(mut self, time: Option<Duration>) -> Self {
        self.keep_alive_timeout = time;
        self
    }

    /// Sets how long a client may take from its first byte to the end of the head of its request; 30 s by
    /// default, `None` for any time. On a new connection it begins when the connection is accepted, and spans
    /// the PROXY header and the TLS handshake. Then the answer is 408 (RFC 9110, section 15.5.9).
    pub fn with_request_head_timeout(mut self, time: Option<Duration>) -> Self {
        self.request_head_timeout = time;
        self
    }

    /// Sets how long the first line of a request may be, in bytes without its end; 8 KiB by default. A longer one
    /// is answered 414, or 501 if the method alone is as long.
    pub fn with_max_request_line_size(mut self, limit: usize) -> Self {
        self.max_request_line_size = limit;
        self
    }

    /// Sets how long the fields of a request may be in all, in bytes with the ends of their lines; 32 KiB by
    /// default. Longer ones are answered 431. The trailers of a body may be as long.
    pub fn with_max_request_head_size(mut self, limit: usize) -> Self {
        self.max_request_head_size = limit;
        self
    }

    /// Sets how many fields a request may have; 100 by default. More are answered 431.
    pub fn with_max_request_fields(mut self, limit: usize) -> Self {
        self.max_request_fields = limit;
        self
    }

    /// Sets how long the body of a request may be, in bytes; 30,000,000 by default, `None` for any length. An
    /// application may change it for one request ([`MaxRequestBodySize`]). A longer one is answered 413.
    pub fn with_max_request_body_size(mut self, limit: Option<u64>) -> Self {
        self.max_request_body_size = limit;
        self
    }

    /// Sets how fast the body of a request has to arrive while the application waits for it; 240 bytes a second
    /// after 5 s by default, `None` for any rate. A slower one is answered 408.
    pub fn with_min_request_body_rate(mut self, rate: Option<MinDataRate>) -> Self {
        self.min_request_body_rate = rate;
        self
    }

    /// Sets how fast a client has to read; 240 bytes a second after 5 s by default, `None` for any rate. The
    /// connection of a slower one is cut.
    pub fn with_min_response_rate(mut self, rate: Option<MinDataRate>) -> Self {
        self.min_response_rate = rate;
        self
    }

    /// Sets how much of a body that the application left is read and dropped, in bytes, so that the connection
    /// can be used again; 1 MiB by default. It may take 5 s.
    pub fn with_max_unread_body(mut self, limit: u64) -> Self {
        self.max_unread_body = limit;
        self
    }

    /// Sets what a connection of HTTP/2 may take.
    pub fn with_http2(mut self, limits: Http2Limits) -> Self {
        self.http2 = limits;
        self
    }

    /// Sets what a connection of HTTP/3 may take.
    pub fn with_http3(mut self, limits: Http3Limits) -> Self {
        self.http3 = limits;
        self
    }

    /// Returns how many connections may be open.
    pub fn max_connections(&self) -> Option<usize> {
        self.max_connections
    }

    /// Returns how many connections one address may have.
    pub fn max_connections_per_address(&self) -> Option<usize> {
        self.max_connections_per_address
    }

    /// Returns how many upgraded connections there may be.
    pub fn max_upgraded_connections(&self) -> Option<usize> {
        self.max_upgraded_connections
    }

    /// Returns how many requests a connection may carry.
    pub fn max_requests_per_connection(&self) -> Option<u64> {
        self.max_requests_per_connection
    }

    /// Returns how long a connection may last.
    pub fn max_connection_age(&self) -> Option<Duration> {
        self.max_connection_age
    }

    /// Returns how long what is in flight may take when a connection has reached its age.
    pub fn max_connection_age_grace(&self) -> Option<Duration> {
        self.max_connection_age_grace
    }

    /// Returns how long a connection may be idle between requests.
    pub fn keep_alive_timeout(&self) -> Option<Duration> {
        self.keep_alive_timeout
    }

    /// Returns how long the head of a request may take.
    pub fn request_head_timeout(&self) -> Option<Duration> {
        self.request_head_timeout
    }

    /// Returns how long the first line of a request may be, in bytes.
    pub fn max_request_line_size(&self) -> usize {
        self.max_request_line_size
    }

    /// Returns how long the fields of a request may be in all, in bytes.
    pub fn max_request_head_size(&self) -> usize {
        self.max_request_head_size
    }

    /// Returns how many fields a request may have.
    pub fn max_request_fields(&self) -> usize {
        self.max_request_fields
    }

    /// Returns how long the body of a request may be.
    pub fn max_request_body_size(&self) -> Option<u64> {
        self.max_request_body_size
    }

    /// Returns how fast the body of a request has to arrive.
    pub fn min_request_body_rate(&self) -> Option<MinDataRate> {
        self.min_request_body_rate
    }

    /// Returns how fast a client has to read.
    pub fn min_response_rate(&self) -> Option<MinDataRate> {
        self.min_response_rate
    }

    /// Returns how much of a body that was left is read and dropped, in bytes.
    pub fn max_unread_body(&self) -> u64 {
        self.max_unread_body
    }

    /// Returns what a connection of HTTP/2 may take.
    pub fn http2(&self) -> &Http2Limits {
        &self.http2
    }

    /// Returns what a connection of HTTP/3 may take.
    pub fn http3(&self) -> &Http3Limits {
        &self.http3
    }

    /// Lists all of them by the names of their options, for [`ServerLimits`](crate::features::ServerLimits).
    pub(in crate::hyper) fn list(&self) -> Vec<ServerLimit> {
        // By name, so that none is forgotten.
        let Self {
            max_connections,
            max_connections_per_address,
            max_upgraded_connections,
            max_requests_per_connection,
            max_connection_age,
            max_connection_age_grace,
            keep_alive_timeout,
            request_head_timeout,
            max_request_line_size,
            max_request_head_size,
            max_request_fields,
            max_request_body_size,
            min_request_body_rate,
            min_response_rate,
            max_unread_body,
            http2,
            http3,
        } = self;
        let count = |name, limit: &Option<usize>| ServerLimit::count(name, limit.map(|n| n as u64));
        let rate = |name, rate: &Option<MinDataRate>| {
            ServerLimit::rate(name, rate.map(|rate| rate.bytes_per_second().into()))
        };
        let grace = |name, rate: &Option<MinDataRate>| {
            ServerLimit::time(name, rate.map(MinDataRate::grace))
        };
        let mut limits = vec![
            count("max_connections", max_connections),
            count("max_connections_per_address", max_connections_per_address),
            count("max_upgraded_connections", max_upgraded_connections),
            ServerLimit::count("max_requests_per_connection", *max_requests_per_connection),
            ServerLimit::time("max_connection_age", *max_connection_age),
            ServerLimit::time("max_connection_age_grace", *max_connection_age_grace),
            ServerLimit::time("keep_alive_timeout", *keep_alive_timeout),
            ServerLimit::time("request_head_timeout", *request_head_timeout),
            ServerLimit::bytes("max_request_line_size", *max_request_line_size as u64),
            ServerLimit::bytes("max_request_head_size", *max_request_head_size as u64),
            ServerLimit::count("max_request_fields", *max_request_fields as u64),
            ServerLimit::bytes("max_request_body_size", *max_request_body_size),
            rate("min_request_body_rate", min_request_body_rate),
            grace("min_request_body_rate.grace", min_request_body_rate),
            rate("min_response_rate", min_response_rate),
            grace("min_response_rate.grace", min_response_rate),
            ServerLimit::bytes("max_unread_body", *max_unread_body),
        ];
        limits.extend(http2.list());
        if cfg!(feature = "http3") {
            limits.extend(http3.list());
        }
        limits
    }

    /// Checks that each limit leaves room for something.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] naming the limit.
    pub(in crate::hyper) fn check(&self) -> Result<(), Error> {
        let zero = [
            ("max_connections", self.max_connections == Some(0)),
            (
                "max_connections_per_address",
                self.max_connections_per_address == Some(0),
            ),
            (
                "max_requests_per_connection",
                self.max_requests_per_connection == Some(0),
            ),
            (
                "max_connection_age",
                self.max_connection_age == Some(Duration::ZERO),
            ),
            (
                "max_connection_age_grace",
                self.max_connection_age_grace == Some(Duration::ZERO),
            ),
            (
                "keep_alive_timeout",
                self.keep_alive_timeout == Some(Duration::ZERO),
            ),
            (
                "request_head_timeout",
                self.request_head_timeout == Some(Duration::ZERO),
            ),
            ("max_request_line_size", self.max_request_line_size == 0),
            ("max_request_head_size", self.max_request_head_size == 0),
            ("max_request_fields", self.max_request_fields == 0),
            (
                "min_request_body_rate",
                self.min_request_body_rate
                    .is_some_and(|rate| rate.bytes_per_second() == 0),
            ),
            (
                "min_response_rate",
                self.min_response_rate
                    .is_some_and(|rate| rate.bytes_per_second() == 0),
            ),
        ];
        if let Some((name, _)) = zero.iter().find(|(_, is_zero)| *is_zero) {
            return Err(Error::configuration(format!(
                "the limit `{name}` is 0, which leaves room for nothing"
            )));
        }
        self.http2.check()?;
        self.http3.check()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: None,
            max_connections_per_address: None,
            max_upgraded_connections: None,
            max_requests_per_connection: None,
            max_connection_age: None,
            max_connection_age_grace: Some(Duration::from_secs(30)),
            keep_alive_timeout: Some(Duration::from_secs(130)),
            request_head_timeout: Some(Duration::from_secs(30)),
            max_request_line_size: 8 * 1024,
            max_request_head_size: 32 * 1024,
            max_request_fields: 100,
            max_request_body_size: Some(MaxRequestBodySize::DEFAULT),
            min_request_body_rate: Some(MinDataRate::default()),
            min_response_rate: Some(MinDataRate::default()),
            max_unread_body: 1024 * 1024,
            http2: Http2Limits::default(),
            http3: Http3Limits::default(),
        }
    }
}
