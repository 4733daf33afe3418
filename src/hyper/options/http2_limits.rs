use std::time::Duration;

use crate::contract::Error;
use crate::features::ServerLimit;

/// What a connection of HTTP/2 may take. Every limit is on from the start.
///
/// ```
/// use transom::hyper::{Http2Limits, Limits};
///
/// let limits = Limits::default().with_http2(Http2Limits::default().with_max_streams(10));
/// assert_eq!(limits.http2().max_streams(), 10);
/// assert_eq!(limits.http2().max_header_list_size(), 32 * 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Http2Limits {
    max_streams: u32,
    header_table_size: u32,
    max_frame_size: u32,
    max_header_list_size: u32,
    initial_connection_window_size: u32,
    initial_stream_window_size: u32,
    keep_alive_ping_delay: Option<Duration>,
    keep_alive_ping_timeout: Duration,
}

impl Http2Limits {
    /// Sets how many requests may be in flight on a connection; 100 by default. One more is refused with
    /// REFUSED_STREAM (RFC 9113, section 5.1.2).
    pub fn with_max_streams(mut self, streams: u32) -> Self {
        self.max_streams = streams;
        self
    }

    /// Sets the size of the table of HPACK in bytes (SETTINGS_HEADER_TABLE_SIZE); 4,096 by default.
    pub fn with_header_table_size(mut self, bytes: u32) -> Self {
        self.header_table_size = bytes;
        self
    }

    /// Sets how large a frame may be in bytes (SETTINGS_MAX_FRAME_SIZE), from 2^14 to 2^24-1; 16,384 by
    /// default.
    pub fn with_max_frame_size(mut self, bytes: u32) -> Self {
        self.max_frame_size = bytes;
        self
    }

    /// Sets how large the fields of a request may be in bytes, each counted with 32 more
    /// (SETTINGS_MAX_HEADER_LIST_SIZE); 32 KiB by default. More is answered 431.
    pub fn with_max_header_list_size(mut self, bytes: u32) -> Self {
        self.max_header_list_size = bytes;
        self
    }

    /// Sets how many bytes of bodies a connection may hold unread, from 65,535 to 2^31-1; 1 MiB by default.
    pub fn with_initial_connection_window_size(mut self, bytes: u32) -> Self {
        self.initial_connection_window_size = bytes;
        self
    }

    /// Sets how many bytes of one body a connection may hold unread, from 65,535 to 2^31-1; 768 KiB by
    /// default.
    pub fn with_initial_stream_window_size(mut self, bytes: u32) -> Self {
        self.initial_stream_window_size = bytes;
        self
    }

    /// Sets after how much silence a client is asked whether it is there, at least 1 s; `None` for never,
    /// the default.
    pub fn with_keep_alive_ping_delay(mut self, delay: Option<Duration>) -> Self {
        self.keep_alive_ping_delay = delay;
        self
    }

    /// Sets how long it may take to answer that, at least 1 s, before the connection is closed; 20 s by
    /// default.
    pub fn with_keep_alive_ping_timeout(mut self, timeout: Duration) -> Self {
        self.keep_alive_ping_timeout = timeout;
        self
    }

    /// Returns how many requests may be in flight on a connection.
    pub fn max_streams(&self) -> u32 {
        self.max_streams
    }

    /// Returns the size of the table of HPACK in bytes.
    pub fn header_table_size(&self) -> u32 {
        self.header_table_size
    }

    /// Returns how large a frame may be in bytes.
    pub fn max_frame_size(&self) -> u32 {
        self.max_frame_size
    }

    /// Returns how large the fields of a request may be in bytes.
    pub fn max_header_list_size(&self) -> u32 {
        self.max_header_list_size
    }

    /// Returns how many bytes of bodies a connection may hold unread.
    pub fn initial_connection_window_size(&self) -> u32 {
        self.initial_connection_window_size
    }

    /// Returns how many bytes of one body a connection may hold unread.
    pub fn initial_stream_window_size(&self) -> u32 {
        self.initial_stream_window_size
    }

    /// Returns after how much silence a client is asked whether it is there.
    pub fn keep_alive_ping_delay(&self) -> Option<Duration> {
        self.keep_alive_ping_delay
    }

    /// Returns how long it may take to answer that.
    pub fn keep_alive_ping_timeout(&self) -> Duration {
        self.keep_alive_ping_timeout
    }

    pub(super) fn list(&self) -> [ServerLimit; 8] {
        let Self {
            max_streams,
            header_table_size,
            max_frame_size,
            max_header_list_size,
            initial_connection_window_size,
            initial_stream_window_size,
            keep_alive_ping_delay,
            keep_alive_ping_timeout,
        } = *self;
        let bytes = |name, limit: u32| ServerLimit::bytes(name, u64::from(limit));
        [
            ServerLimit::count("http2.max_streams", u64::from(max_streams)),
            bytes("http2.header_table_size", header_table_size),
            bytes("http2.max_frame_size", max_frame_size),
            bytes("http2.max_header_list_size", max_header_list_size),
            bytes(
                "http2.initial_connection_window_size",
                initial_connection_window_size,
            ),
            bytes(
                "http2.initial_stream_window_size",
                initial_stream_window_size,
            ),
            ServerLimit::time("http2.keep_alive_ping_delay", keep_alive_ping_delay),
            ServerLimit::time("http2.keep_alive_ping_timeout", keep_alive_ping_timeout),
        ]
    }

    /// Checks what RFC 9113, section 6.5.2, allows.
    pub(super) fn check(&self) -> Result<(), Error> {
        const MAX_WINDOW: u32 = (1 << 31) - 1;
        const MAX_FRAME: u32 = (1 << 24) - 1;
        let within = |name: &str, value: u32, least: u32, most: u32| match value {
            value if (least..=most).contains(&value) => Ok(()),
            value => Err(Error::configuration(format!(
                "`http2.{name}` is {value}; it has to be from {least} to {most}"
            ))),
        };
        within("max_streams", self.max_streams, 1, u32::MAX)?;
        within("max_frame_size", self.max_frame_size, 1 << 14, MAX_FRAME)?;
        within(
            "max_header_list_size",
            self.max_header_list_size,
            1,
            u32::MAX,
        )?;
        let (connection, stream) = (
            self.initial_connection_window_size,
            self.initial_stream_window_size,
        );
        within(
            "initial_connection_window_size",
            connection,
            65_535,
            MAX_WINDOW,
        )?;
        within("initial_stream_window_size", stream, 65_535, MAX_WINDOW)?;
        let second = Duration::from_secs(1);
        if self
            .keep_alive_ping_delay
            .is_some_and(|delay| delay < second)
        {
            return Err(Error::configuration(
                "`http2.keep_alive_ping_delay` is under 1 s",
            ));
        }
        if self.keep_alive_ping_timeout < second {
            return Err(Error::configuration(
                "`http2.keep_alive_ping_timeout` is under 1 s",
            ));
        }
        Ok(())
    }
}

impl Default for Http2Limits {
    fn default() -> Self {
        Self {
            max_streams: 100,
            header_table_size: 4096,
            max_frame_size: 16_384,
            max_header_list_size: 32 * 1024,
            initial_connection_window_size: 1024 * 1024,
            initial_stream_window_size: 768 * 1024,
            keep_alive_ping_delay: None,
            keep_alive_ping_timeout: Duration::from_secs(20),
        }
    }
}
