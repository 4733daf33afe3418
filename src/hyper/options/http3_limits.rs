use std::time::Duration;

use crate::contract::Error;
use crate::features::ServerLimit;

/// What a connection of HTTP/3 may take. Every limit is on from the start.
///
/// ```
/// use transom::hyper::{Http3Limits, Limits};
///
/// let limits = Limits::default().with_http3(Http3Limits::default().with_max_streams(10));
/// assert_eq!(limits.http3().max_streams(), 10);
/// assert_eq!(limits.http3().max_field_section_size(), 32 * 1024);
/// ```
#[doc(alias = "QuicTransportOptions")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Http3Limits {
    max_streams: u32,
    max_field_section_size: usize,
    connection_window_size: u32,
    stream_window_size: u32,
    send_buffer_size: u32,
    idle_timeout: Duration,
    max_pending_handshakes: usize,
}

impl Http3Limits {
    /// Sets how many requests may be in flight on a connection; 100 by default. A client has to wait with one
    /// more (RFC 9000, section 4.6).
    pub fn with_max_streams(mut self, streams: u32) -> Self {
        self.max_streams = streams;
        self
    }

    /// Sets how large the fields of a request may be in bytes, each counted with 32 more
    /// (SETTINGS_MAX_FIELD_SECTION_SIZE); 32 KiB by default. More is answered 431.
    pub fn with_max_field_section_size(mut self, bytes: usize) -> Self {
        self.max_field_section_size = bytes;
        self
    }

    /// Sets how many bytes of bodies a connection may hold unread, at least 16 KiB; 1 MiB by default.
    pub fn with_connection_window_size(mut self, bytes: u32) -> Self {
        self.connection_window_size = bytes;
        self
    }

    /// Sets how many bytes of one body a connection may hold unread, at least 16 KiB; 256 KiB by default.
    pub fn with_stream_window_size(mut self, bytes: u32) -> Self {
        self.stream_window_size = bytes;
        self
    }

    /// Sets how many bytes of responses a connection may hold that its client has not acknowledged, at least
    /// 16 KiB; 1 MiB by default. It bounds the speed too: to so much in each round trip.
    pub fn with_send_buffer_size(mut self, bytes: u32) -> Self {
        self.send_buffer_size = bytes;
        self
    }

    /// Sets after how much silence a client counts as gone, at least 1 s; 30 s by default. A client that is
    /// there is never as silent: it is asked several times in that time.
    ///
    /// How long a connection may be without a request is
    /// [`Limits::with_keep_alive_timeout`](super::Limits::with_keep_alive_timeout).
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets how many handshakes may be under way at an endpoint; 1,000 by default. One more is refused. Once a
    /// tenth are, a client has to show first that its address is its own (RFC 9000, section 8.1).
    pub fn with_max_pending_handshakes(mut self, handshakes: usize) -> Self {
        self.max_pending_handshakes = handshakes;
        self
    }

    /// Returns how many requests may be in flight on a connection.
    pub fn max_streams(&self) -> u32 {
        self.max_streams
    }

    /// Returns how large the fields of a request may be in bytes.
    pub fn max_field_section_size(&self) -> usize {
        self.max_field_section_size
    }

    /// Returns how many bytes of bodies a connection may hold unread.
    pub fn connection_window_size(&self) -> u32 {
        self.connection_window_size
    }

    /// Returns how many bytes of one body a connection may hold unread.
    pub fn stream_window_size(&self) -> u32 {
        self.stream_window_size
    }

    /// Returns how many bytes of responses a connection may hold.
    pub fn send_buffer_size(&self) -> u32 {
        self.send_buffer_size
    }

    /// Returns after how much silence a client counts as gone.
    pub fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// Returns how many handshakes may be under way at an endpoint.
    pub fn max_pending_handshakes(&self) -> usize {
        self.max_pending_handshakes
    }

    pub(super) fn list(&self) -> [ServerLimit; 7] {
        let Self {
            max_streams,
            max_field_section_size,
            connection_window_size,
            stream_window_size,
            send_buffer_size,
            idle_timeout,
            max_pending_handshakes,
        } = *self;
        let bytes = |name, limit: u32| ServerLimit::bytes(name, u64::from(limit));
        [
            ServerLimit::count("http3.max_streams", u64::from(max_streams)),
            ServerLimit::bytes(
                "http3.max_field_section_size",
                max_field_section_size as u64,
            ),
            bytes("http3.connection_window_size", connection_window_size),
            bytes("http3.stream_window_size", stream_window_size),
            bytes("http3.send_buffer_size", send_buffer_size),
            ServerLimit::time("http3.idle_timeout", idle_timeout),
            ServerLimit::count(
                "http3.max_pending_handshakes",
                max_pending_handshakes as u64,
            ),
        ]
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let within = |name: &str, value: u64, least: u64, most: u64| match value {
            value if (least..=most).contains(&value) => Ok(()),
            value => Err(Error::configuration(format!(
                "`http3.{name}` is {value}; it has to be from {least} to {most}"
            ))),
        };
        let most = u64::from(u32::MAX);
        let (section, pending) = (self.max_field_section_size, self.max_pending_handshakes);
        within("max_streams", self.max_streams.into(), 1, most)?;
        within("max_field_section_size", section as u64, 1, most)?;
        for (name, size) in [
            ("connection_window_size", self.connection_window_size),
            ("stream_window_size", self.stream_window_size),
            ("send_buffer_size", self.send_buffer_size),
        ] {
            within(name, size.into(), 16 * 1024, most)?;
        }
        within("max_pending_handshakes", pending as u64, 1, most)?;
        if !(Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&self.idle_timeout) {
            return Err(Error::configuration(
                "`http3.idle_timeout` has to be from 1 s to 1 hour",
            ));
        }
        Ok(())
    }
}

impl Default for Http3Limits {
    fn default() -> Self {
        Self {
            max_streams: 100,
            max_field_section_size: 32 * 1024,
            connection_window_size: 1024 * 1024,
            stream_window_size: 256 * 1024,
            send_buffer_size: 1024 * 1024,
            idle_timeout: Duration::from_secs(30),
            max_pending_handshakes: 1000,
        }
    }
}
