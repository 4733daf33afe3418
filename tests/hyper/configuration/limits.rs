//! Limits, in both spellings.

use std::time::Duration;

use transom::configuration::Section;
use transom::hyper::{HyperConfiguration, Limits, MinDataRate};

use super::{problem, read};

#[test]
fn a_file_that_says_nothing_leaves_the_defaults() {
    assert_eq!(read("[hyper]").limits(), Limits::default());
    assert_eq!(
        HyperConfiguration::from_section(&Section::default())
            .unwrap()
            .limits(),
        Limits::default()
    );
}

#[test]
fn toml_in_the_spelling_of_this_project() {
    let limits = read(
        r#"
        [hyper.limits]
        max_connections = 10_000
        keep_alive_timeout = "2m"
        request_head_timeout = 15
        max_request_line_size = "16 KiB"
        max_request_body_size = "none"
        min_response_rate = "none"
        min_request_body_rate = { bytes_per_second = 100 }

        [hyper.limits.http2]
        max_streams = 7
        keep_alive_ping_delay = "00:00:30"
        "#,
    )
    .limits();
    assert_eq!(limits.max_connections(), Some(10_000));
    assert_eq!(limits.keep_alive_timeout(), Some(Duration::from_secs(120)));
    assert_eq!(limits.request_head_timeout(), Some(Duration::from_secs(15)));
    assert_eq!(limits.max_request_line_size(), 16 * 1024);
    assert_eq!(limits.max_request_body_size(), None);
    assert_eq!(limits.min_response_rate(), None);
    assert_eq!(
        limits.min_request_body_rate(),
        Some(MinDataRate::new(100, Duration::from_secs(5)))
    );
    assert_eq!(limits.http2().max_streams(), 7);
    assert_eq!(
        limits.http2().keep_alive_ping_delay(),
        Some(Duration::from_secs(30))
    );
    assert_eq!(limits.max_request_fields(), 100, "not said");
}

#[test]
fn an_appsettings_file_of_kestrel_means_the_same() {
    let json = r#"{
        "Logging": { "LogLevel": { "Default": "Information" } },
        "Kestrel": {
            "Limits": {
                "MaxConcurrentConnections": 100,
                "MaxRequestBodySize": null, // no limit
                "KeepAliveTimeout": "00:02:10",
                "REQUESTHEADERSTIMEOUT": "00:00:05",
                "MaxRequestHeaderCount": 50,
                "MinRequestBodyDataRate": { "BytesPerSecond": 10, "GracePeriod": "00:00:07" },
                "Http2": { "MaxStreamsPerConnection": 10, "InitialStreamWindowSize": 131072 },
            },
        },
    }"#;
    let limits = HyperConfiguration::from_json_str(json).unwrap().limits();
    assert_eq!(limits.max_connections(), Some(100));
    assert_eq!(limits.max_request_body_size(), None);
    assert_eq!(limits.keep_alive_timeout(), Some(Duration::from_secs(130)));
    assert_eq!(limits.request_head_timeout(), Some(Duration::from_secs(5)));
    assert_eq!(limits.max_request_fields(), 50);
    assert_eq!(
        limits.min_request_body_rate(),
        Some(MinDataRate::new(10, Duration::from_secs(7)))
    );
    assert_eq!(limits.http2().max_streams(), 10);
    assert_eq!(limits.http2().initial_stream_window_size(), 131_072);
}

#[test]
fn the_program_has_the_last_word_if_it_wants() {
    let configuration = read("[hyper.limits]\nmax_connections = 5\nmax_request_fields = 7")
        .with_limits(|limits| {
            let most = limits.max_connections().unwrap_or(10).min(3);
            limits.with_max_connections(Some(most))
        });
    assert_eq!(configuration.limits().max_connections(), Some(3));
    assert_eq!(configuration.limits().max_request_fields(), 7);
}

#[test]
fn a_value_that_cannot_be_is_said_with_what_can() {
    for (line, expected) in [
        (
            "max_connections = 0",
            "`hyper.limits.max_connections` at line 2, column 1: 0 is too small; the least is 1",
        ),
        (
            "max_connections = -1",
            "`hyper.limits.max_connections` at line 2, column 1: `-1` is not a whole number",
        ),
        (
            "max_connections = true",
            "`hyper.limits.max_connections` at line 2, column 1: `true` is not a whole number",
        ),
        (
            "max_connections = [1]",
            "`hyper.limits.max_connections` at line 2, column 1: a list is not a whole number",
        ),
        (
            "keep_alive_timeout = 'soon'",
            "`hyper.limits.keep_alive_timeout` at line 2, column 1: `soon` is not a duration; a number of seconds is, \
             or text like `500ms`, `30s`, `2m`, `1h` or `00:02:10`",
        ),
        (
            "keep_alive_timeout = 0",
            "`hyper.limits.keep_alive_timeout` at line 2, column 1: it is too short; the least is 1ms",
        ),
        (
            "max_request_line_size = '8 KB/s'",
            "`hyper.limits.max_request_line_size` at line 2, column 1: `8 KB/s` is not a size; a number of bytes is, \
             or text like `8 KiB`",
        ),
        (
            "max_request_line_size = 'none'",
            "`hyper.limits.max_request_line_size` at line 2, column 1: `none` is not a size; a number of bytes is, \
             or text like `8 KiB`",
        ),
        (
            "http2.max_frame_size = 1024",
            "`hyper.limits.http2.max_frame_size` at line 2, column 7: 1024 is too small; the least is 16384",
        ),
        (
            "http2.max_frame_size = '16 MiB'",
            "`hyper.limits.http2.max_frame_size` at line 2, column 7: 16777216 is too large; the most is 16777215",
        ),
        (
            "http2 = 2",
            "`hyper.limits.http2` at line 2, column 1 is not a table of settings",
        ),
        (
            "min_response_rate = 240",
            "`hyper.limits.min_response_rate` at line 2, column 1 is not a table of settings",
        ),
        (
            "min_response_rate = { bytes = 240 }",
            "`hyper.limits.min_response_rate.bytes` at line 2, column 23 is not a part of a rate; there is \
             `bytes_per_second` and `grace`",
        ),
    ] {
        assert_eq!(
            problem(&format!("[hyper.limits]\n{line}")),
            expected,
            "{line}"
        );
    }
}
