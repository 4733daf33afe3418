//! Whose word is taken.

use super::*;

fn taken(peer: Option<&str>, layer: ForwardedHeadersLayer) -> bool {
    !seen(peer, layer, &[("x-forwarded-for", "192.0.2.1")]).contains("x-forwarded-for")
}

#[test]
fn loopback_is_trusted_by_default_and_nobody_else() {
    for peer in [
        "127.0.0.1:9",
        "127.255.255.254:9",
        "[::1]:9",
        "[::ffff:127.0.0.1]:9",
    ] {
        assert!(taken(Some(peer), layer([For])), "{peer}");
    }
    for peer in [
        "128.0.0.1:9",
        "10.0.0.1:9",
        "[::2]:9",
        "[::ffff:10.0.0.1]:9",
    ] {
        assert!(!taken(Some(peer), layer([For])), "{peer}");
    }
}

#[test]
fn an_unknown_peer_is_not_believed_in_any_part() {
    let fields = [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-prefix", "/evil"),
    ];
    for parts in [
        vec![For, Proto, Host, Prefix],
        vec![Proto],
        vec![Host],
        vec![Prefix],
    ] {
        let seen = seen(STRANGER, layer(parts.clone()), &fields);
        assert!(
            seen.starts_with("203.0.113.1:9 http localhost - |"),
            "{parts:?}: {seen}"
        );
        assert!(!seen.contains("x-original"), "{parts:?}: {seen}");
    }
}

#[test]
fn known_proxies_and_networks_are_trusted_in_place_of_the_defaults() {
    let proxy = || layer([For]).with_known_proxies(["203.0.113.1".parse().unwrap()]);
    let network = || layer([For]).with_known_networks(["203.0.113.0/24".parse().unwrap()]);
    assert!(taken(STRANGER, proxy()) && taken(STRANGER, network()));
    assert!(
        taken(Some("[::ffff:203.0.113.1]:9"), proxy()),
        "the same address"
    );
    assert!(taken(LOCAL, proxy()), "the networks are still the default");
    assert!(!taken(LOCAL, network()), "the networks were replaced");
    assert!(!taken(Some("203.0.113.2:9"), proxy()));
}

#[test]
fn without_known_proxies_and_networks_everyone_is_trusted() {
    assert!(taken(STRANGER, layer([For]).with_any_proxy()));
    let emptied = layer([For]).with_known_proxies([]).with_known_networks([]);
    assert!(taken(STRANGER, emptied));
}

#[test]
fn a_peer_without_an_address_is_trusted_if_it_is_local_only() {
    let memory = ApplicationBuilder::new().layer(layer([For]));
    let fields = [("x-forwarded-for", "192.0.2.1")];
    assert_eq!(through(memory, &fields), "192.0.2.1:0 http localhost -");
    assert!(!taken(None, layer([For])), "TCP from nobody knows where");
    assert!(taken(None, layer([For]).with_any_proxy()));
}

#[test]
fn the_chain_ends_at_the_first_proxy_that_is_not_known() {
    let layer = layer(ForwardedPart::ALL).with_forward_limit(None);
    let fields = [
        ("x-forwarded-for", "198.51.100.1, 192.0.2.1, 127.0.0.2"),
        ("x-forwarded-proto", "https, http, http"),
        ("x-forwarded-host", "evil, public, inner"),
        ("x-forwarded-prefix", "/evil, /public, /inner"),
    ];
    assert_eq!(
        seen(LOCAL, layer, &fields),
        "192.0.2.1:0 http public /public | x-forwarded-for: 198.51.100.1 \
         | x-forwarded-host: evil | x-forwarded-prefix: /evil | x-forwarded-proto: https \
         | x-original-for: 127.0.0.1:9 | x-original-host: localhost | x-original-proto: http"
    );
}
