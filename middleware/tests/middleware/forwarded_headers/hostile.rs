//! What a client may try.

use super::*;

#[test]
fn huge_lists_are_followed_to_their_end_and_no_further() {
    let hops = 20_000;
    let list = vec!["127.0.0.2"; hops].join(",");
    let layer = layer([For]).with_forward_limit(None);
    let fields = [("x-forwarded-for", list.as_str())];
    assert!(
        seen(LOCAL, layer, &fields).starts_with("127.0.0.2:0 http localhost - | x-original-for")
    );

    let list = vec!["for=127.0.0.2"; hops].join(",");
    let layer = ForwardedHeadersLayer::rfc7239([For]);
    let seen = seen(LOCAL, layer, &[("forwarded", &list)]);
    assert_eq!(seen.matches("for=127.0.0.2").count(), hops - 1);
}

#[test]
fn no_garbage_is_a_panic_or_believed() {
    let garbage = [
        ",",
        ",,,,",
        ";",
        "=;=",
        "\"",
        "\\",
        "\"\\",
        "\"\\\"",
        "[",
        "]",
        "[]",
        "[::",
        ":",
        "::",
        ":::::",
        "255.255.255.255.255",
        "1.2.3.4:",
        "[::1]:",
        "[::1]:99999",
        "for=\"",
        "for=[",
        "é",
        "\u{10ffff}",
        "\t",
        "for=\"[::1]:\\",
        "host=\"a\\",
        "%",
        "_",
        "unknown:80",
        "0",
        "-1",
        "/",
        "//",
    ];
    for value in garbage {
        let fields = [
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-proto",
            "forwarded",
        ]
        .map(|name| (name, value));
        for layer in [
            ForwardedHeadersLayer::new([For, Proto]),
            ForwardedHeadersLayer::rfc7239([For, Proto, Host]),
        ] {
            let seen = seen(LOCAL, layer.with_forward_limit(None), &fields);
            let believed = value == "::" && seen.starts_with("[::]:0 ");
            assert!(
                believed || seen.starts_with("127.0.0.1:9 http localhost -"),
                "{value}: {seen}"
            );
        }
    }
}
