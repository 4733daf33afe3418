//! What a value may be.

use super::*;

#[test]
fn a_for_that_is_no_address_ends_the_chain_and_what_was_before_it_stands() {
    for node in [
        "unknown",
        "_hidden",
        "example.com",
        "192.0.2.1:x",
        "fe80::1%1",
        "\"",
        "é",
    ] {
        let layer = layer([For, Proto]).with_forward_limit(None);
        let list = format!("192.0.2.9, {node}, 127.0.0.2");
        let fields = [
            ("x-forwarded-for", list.as_str()),
            ("x-forwarded-proto", "https, https, http"),
        ];
        let seen = seen(LOCAL, layer, &fields);
        assert!(seen.starts_with("127.0.0.2:0 http localhost -"), "{seen}");
        assert!(seen.contains("x-forwarded-proto: https, https"), "{seen}");
    }
}

#[test]
fn a_first_for_that_is_no_address_changes_nothing() {
    let fields = [
        ("x-forwarded-for", "unknown"),
        ("x-forwarded-proto", "https"),
    ];
    assert_eq!(
        seen(LOCAL, layer([For, Proto]), &fields),
        "127.0.0.1:9 http localhost - | x-forwarded-for: unknown | x-forwarded-proto: https"
    );
}

#[test]
fn a_scheme_that_is_not_of_http_is_left_out() {
    for scheme in ["wss", "ftp", "ht tp", "https:", "?", "é"] {
        let fields = [("x-forwarded-proto", scheme), ("x-forwarded-host", "h")];
        let seen = seen(LOCAL, layer([Proto, Host]), &fields);
        assert!(
            seen.starts_with("127.0.0.1:9 http h - | x-forwarded-proto"),
            "{seen}"
        );
    }
}

#[test]
fn a_host_that_is_malformed_or_not_allowed_is_left_out() {
    for host in [
        "a b",
        ":80",
        "a:b",
        "[::1",
        "evil/",
        "a@b",
        "é",
        "other.example",
    ] {
        let layer = layer([Proto, Host])
            .with_allowed_hosts(["example.com", "*.example.org", "[::1]"])
            .unwrap();
        let fields = [("x-forwarded-proto", "https"), ("x-forwarded-host", host)];
        let seen = seen(LOCAL, layer, &fields);
        assert!(
            seen.starts_with("127.0.0.1:9 https localhost -"),
            "{host}: {seen}"
        );
    }
}

#[test]
fn an_allowed_host_is_taken_over_with_its_port() {
    for host in [
        "Example.com",
        "example.com:81",
        "a.example.org",
        "[::1]:8080",
    ] {
        let layer = layer([Host])
            .with_allowed_hosts(["example.com", "*.example.org", "[::1]"])
            .unwrap();
        let seen = seen(LOCAL, layer, &[("x-forwarded-host", host)]);
        assert!(
            seen.starts_with(&format!("127.0.0.1:9 http {host} -")),
            "{seen}"
        );
    }
}

#[test]
fn a_prefix_begins_with_one_slash() {
    for prefix in ["app", "//evil.example", "/a?b", "/a b", "é"] {
        let fields = [("x-forwarded-prefix", prefix), ("x-forwarded-host", "h")];
        let seen = seen(LOCAL, layer([Host, Prefix]), &fields);
        assert!(
            seen.starts_with("127.0.0.1:9 http h - |"),
            "{prefix}: {seen}"
        );
    }
    assert_eq!(
        seen(LOCAL, layer([Prefix]), &[("x-forwarded-prefix", "/")]),
        "127.0.0.1:9 http localhost "
    );
}

#[test]
fn a_malformed_pattern_of_hosts_is_refused_at_once() {
    let error = layer([Host])
        .with_allowed_hosts(["example.com:80"])
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`example.com:80` is not a pattern of hosts: it has a port")
    );
}
