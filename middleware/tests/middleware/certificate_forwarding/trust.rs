//! Whose word is taken.

use transom::features::TlsVersion;

use super::*;
use crate::support::with_feature;

fn taken(peer: Option<&str>, layer: CertificateForwardingLayer) -> bool {
    let seen = seen(peer, layer, &[("x-client-cert", ONE)]);
    // Whether or not it was taken, the field is gone.
    assert!(matches!(&*seen, "? 1" | "-"), "{seen}");
    seen == "? 1"
}

fn layer() -> CertificateForwardingLayer {
    CertificateForwardingLayer::base64()
}

#[test]
fn loopback_is_trusted_by_default_and_nobody_else() {
    for peer in [
        "127.0.0.1:9",
        "127.255.255.254:9",
        "[::1]:9",
        "[::ffff:127.0.0.1]:9",
    ] {
        assert!(taken(Some(peer), layer()), "{peer}");
    }
    for peer in ["128.0.0.1:9", "10.0.0.1:9", "[::2]:9"] {
        assert!(!taken(Some(peer), layer()), "{peer}");
    }
    assert!(!taken(None, layer()), "TCP from nobody knows where");
}

#[test]
fn known_proxies_and_networks_are_trusted_in_place_of_the_defaults() {
    let proxy = || layer().with_known_proxies(["203.0.113.1".parse().unwrap()]);
    let network = || layer().with_known_networks(["203.0.113.0/24".parse().unwrap()]);
    assert!(taken(STRANGER, proxy()) && taken(STRANGER, network()));
    assert!(taken(LOCAL, proxy()), "the networks are still the default");
    assert!(!taken(LOCAL, network()), "the networks were replaced");
    assert!(!taken(Some("203.0.113.2:9"), proxy()));
    assert!(taken(STRANGER, layer().with_any_proxy()));
}

#[test]
fn the_fields_of_an_untrusted_peer_are_taken_out() {
    let rfc9440 = CertificateForwardingLayer::rfc9440();
    let fields = [
        ("client-cert", ":MAMCAQE=:"),
        ("client-cert", ":MAMCAQE=:"),
        ("client-cert-chain", ":MAMCAQI=:"),
        ("client-cert-chain", ":MAMCAQI=:"),
    ];
    assert_eq!(seen(STRANGER, rfc9440, &fields), "-");
}

#[test]
fn the_proxys_own_certificate_is_not_the_clients() {
    let of_proxy =
        TlsInfo::new(TlsVersion::Tls13).with_client_certificates(vec![vec![0x30, 1, 99].into()]);
    let app = |peer| {
        let app = coming_from(ApplicationBuilder::new(), peer);
        with_feature(app, of_proxy.clone()).layer(layer())
    };
    assert_eq!(through(app(LOCAL), &[]), "TLSv1.3");
    assert_eq!(through(app(LOCAL), &[("x-client-cert", "?")]), "TLSv1.3");
    assert_eq!(through(app(LOCAL), &[("x-client-cert", ONE)]), "? 1");
    // Who is no proxy is a client, and shows its own.
    let stranger = through(app(STRANGER), &[("x-client-cert", ONE)]);
    assert_eq!(stranger, "TLSv1.3 99");
}
