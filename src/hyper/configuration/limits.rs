//! The tables `limits`, `limits.http2` and `limits.http3`.

use super::key::{Table, key, table};
use super::kind::{Count, Optional, Rate, Size, Time};
use crate::hyper::options::{Http2Limits, Http3Limits, Limits};

pub(super) const LIMITS: Table<Limits> = Table {
    what: "a limit",
    keys: &[
        key!(
            Limits,
            max_connections / with_max_connections,
            Some("MaxConcurrentConnections"),
            Optional<Count<usize>>,
            "connections that may be open"
        ),
        key!(
            Limits,
            max_connections_per_address / with_max_connections_per_address,
            None,
            Optional<Count<usize>>,
            "those of them that may come from one address"
        ),
        key!(
            Limits,
            max_upgraded_connections / with_max_upgraded_connections,
            Some("MaxConcurrentUpgradedConnections"),
            Optional<Count<usize, 0>>,
            "upgraded connections that may be open"
        ),
        key!(
            Limits,
            max_requests_per_connection / with_max_requests_per_connection,
            None,
            Optional<Count<u64>>,
            "requests that a connection may carry"
        ),
        key!(
            Limits,
            max_connection_age / with_max_connection_age,
            None,
            Optional<Time>,
            "how long a connection may last"
        ),
        key!(
            Limits,
            max_connection_age_grace / with_max_connection_age_grace,
            None,
            Optional<Time>,
            "how long what is in flight may then take"
        ),
        key!(
            Limits,
            keep_alive_timeout / with_keep_alive_timeout,
            Some("KeepAliveTimeout"),
            Optional<Time>,
            "how long a connection may be idle between requests"
        ),
        key!(
            Limits,
            request_head_timeout / with_request_head_timeout,
            Some("RequestHeadersTimeout"),
            Optional<Time>,
            "how long the head of a request may take"
        ),
        key!(
            Limits,
            max_request_line_size / with_max_request_line_size,
            Some("MaxRequestLineSize"),
            Size<usize>,
            "how long the first line of a request may be"
        ),
        key!(
            Limits,
            max_request_head_size / with_max_request_head_size,
            Some("MaxRequestHeadersTotalSize"),
            Size<usize>,
            "how long the fields of a request may be in all"
        ),
        key!(
            Limits,
            max_request_fields / with_max_request_fields,
            Some("MaxRequestHeaderCount"),
            Count<usize>,
            "fields that a request may have"
        ),
        key!(
            Limits,
            max_request_body_size / with_max_request_body_size,
            Some("MaxRequestBodySize"),
            Optional<Size<u64, 0>>,
            "how long the body of a request may be"
        ),
        key!(
            Limits,
            min_request_body_rate / with_min_request_body_rate,
            Some("MinRequestBodyDataRate"),
            Optional<Rate>,
            "how fast the body of a request has to arrive"
        ),
        key!(
            Limits,
            min_response_rate / with_min_response_rate,
            Some("MinResponseDataRate"),
            Optional<Rate>,
            "how fast a client has to read"
        ),
        key!(
            Limits,
            max_unread_body / with_max_unread_body,
            None,
            Size<u64, 0>,
            "how much of a body that the application left is read and dropped"
        ),
        table!(
            Limits,
            http2,
            Some("Http2"),
            |limits: Limits, table, problems| {
                let http2 = HTTP2.read(table, limits.http2().clone(), problems);
                limits.with_http2(http2)
            },
            "what a connection of HTTP/2 may take"
        ),
        table!(
            Limits,
            http3,
            Some("Http3"),
            |limits: Limits, table, problems| {
                let http3 = HTTP3.read(table, limits.http3().clone(), problems);
                limits.with_http3(http3)
            },
            "what a connection of HTTP/3 may take"
        ),
    ],
    kestrel: &[
        (
            "MaxRequestBufferSize",
            "what is read ahead is bounded by the other limits",
        ),
        (
            "MaxResponseBufferSize",
            "a response is taken from the application only as fast as the client reads",
        ),
    ],
};

pub(super) const HTTP2: Table<Http2Limits> = Table {
    what: "a limit of HTTP/2",
    keys: &[
        key!(
            Http2Limits,
            max_streams / with_max_streams,
            Some("MaxStreamsPerConnection"),
            Count<u32>,
            "requests that may be in flight on a connection"
        ),
        key!(
            Http2Limits,
            header_table_size / with_header_table_size,
            Some("HeaderTableSize"),
            Size<u32, 0>,
            "the table of HPACK"
        ),
        key!(
            Http2Limits,
            max_frame_size / with_max_frame_size,
            Some("MaxFrameSize"),
            Size<u32, 16_384, 16_777_215>,
            "how large a frame may be"
        ),
        key!(
            Http2Limits,
            max_header_list_size / with_max_header_list_size,
            None,
            Size<u32>,
            "how long the fields of a request may be in all, each counted with 32 bytes more"
        ),
        key!(
            Http2Limits,
            initial_connection_window_size / with_initial_connection_window_size,
            Some("InitialConnectionWindowSize"),
            Size<u32, 65_535, 2_147_483_647>,
            "how much of bodies a connection may hold unread"
        ),
        key!(
            Http2Limits,
            initial_stream_window_size / with_initial_stream_window_size,
            Some("InitialStreamWindowSize"),
            Size<u32, 65_535, 2_147_483_647>,
            "how much of one body a connection may hold unread"
        ),
        key!(
            Http2Limits,
            keep_alive_ping_delay / with_keep_alive_ping_delay,
            Some("KeepAlivePingDelay"),
            Optional<Time<1000>>,
            "after how much silence a client is asked whether it is there"
        ),
        key!(
            Http2Limits,
            keep_alive_ping_timeout / with_keep_alive_ping_timeout,
            Some("KeepAlivePingTimeout"),
            Time<1000>,
            "how long it may take to answer that"
        ),
    ],
    kestrel: &[(
        "MaxRequestHeaderFieldSize",
        "`max_header_list_size` bounds all fields together",
    )],
};

pub(super) const HTTP3: Table<Http3Limits> = Table {
    what: "a limit of HTTP/3",
    keys: &[
        key!(
            Http3Limits,
            max_streams / with_max_streams,
            None,
            Count<u32>,
            "requests that may be in flight on a connection"
        ),
        key!(
            Http3Limits,
            max_field_section_size / with_max_field_section_size,
            None,
            Size<usize>,
            "how long the fields of a request may be in all, each counted with 32 bytes more"
        ),
        key!(
            Http3Limits,
            connection_window_size / with_connection_window_size,
            None,
            Size<u32, 16_384>,
            "how much of bodies a connection may hold unread"
        ),
        key!(
            Http3Limits,
            stream_window_size / with_stream_window_size,
            None,
            Size<u32, 16_384>,
            "how much of one body a connection may hold unread"
        ),
        key!(
            Http3Limits,
            send_buffer_size / with_send_buffer_size,
            None,
            Size<u32, 16_384>,
            "how much of responses a connection may hold that its client has not acknowledged"
        ),
        key!(
            Http3Limits,
            idle_timeout / with_idle_timeout,
            None,
            Time<1000>,
            "after how much silence a client counts as gone"
        ),
        key!(
            Http3Limits,
            max_pending_handshakes / with_max_pending_handshakes,
            None,
            Count<usize>,
            "handshakes that may be under way at an endpoint"
        ),
    ],
    kestrel: &[(
        "MaxRequestHeaderFieldSize",
        "`max_field_section_size` bounds all fields together",
    )],
};

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::configuration::{Problems, Section};

    /// The fields of a struct, as its `Debug` shows them.
    fn fields(value: &impl std::fmt::Debug) -> Vec<String> {
        format!("{value:#?}")
            .lines()
            .filter_map(|line| line.strip_prefix("    "))
            .filter(|line| !line.starts_with([' ', '}', ')']))
            .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
            .collect()
    }

    fn names<T>(table: &Table<T>) -> Vec<String> {
        table.keys.iter().map(|key| key.name.to_owned()).collect()
    }

    #[test]
    fn every_limit_has_a_key() {
        assert_eq!(names(&LIMITS), fields(&Limits::default()));
        assert_eq!(names(&HTTP2), fields(&Http2Limits::default()));
        assert_eq!(names(&HTTP3), fields(&Http3Limits::default()));
    }

    /// Says every key by each of its names, and looks whether that and nothing else is set.
    fn each_key_sets_its_limit<T: Default + PartialEq + std::fmt::Debug>(table: &Table<T>) {
        for key in table.keys.iter().filter(|key| key.is != "table") {
            let value = match key.is {
                "number" => "7",
                "size" => "96 KiB",
                "time" => "00:00:07",
                "rate" => r#"{ bytes_per_second = 7, grace = "7s" }"#,
                other => panic!("{other}"),
            };
            let quoted = match value.starts_with('{') {
                true => value.to_owned(),
                false => format!("\"{value}\""),
            };
            for name in [Some(key.name), key.kestrel].into_iter().flatten() {
                let section = Section::from_toml_str(&format!("{name} = {quoted}")).unwrap();
                let mut problems = Problems::new();
                let read = table.read(&section, T::default(), &mut problems);
                problems.finish().unwrap();
                for other in table.keys {
                    let is_default = (other.shown)(&read) == (other.shown)(&T::default());
                    assert_eq!(is_default, other.name != key.name, "{name}: {read:?}");
                }
                let shown = (key.shown)(&read).unwrap();
                let expected = match key.is {
                    "number" => "7",
                    "size" => "96 KiB",
                    "time" => "7s",
                    _ => "7 B/s after 7s",
                };
                assert_eq!(shown, expected, "{name}");
            }
            if key.optional {
                let section = Section::from_toml_str(&format!("{} = 'none'", key.name)).unwrap();
                let mut problems = Problems::new();
                let read = table.read(&section, T::default(), &mut problems);
                problems.finish().unwrap();
                assert_eq!((key.shown)(&read).as_deref(), Some("none"));
            }
        }
    }

    #[test]
    fn each_key_sets_its_limit_and_no_other() {
        each_key_sets_its_limit(&LIMITS);
        each_key_sets_its_limit(&HTTP2);
        each_key_sets_its_limit(&HTTP3);
    }
}
