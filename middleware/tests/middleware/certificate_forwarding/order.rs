//! Beside forwarded headers, and beside another of its kind.

use http::HeaderName;
use transom_middleware::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};

use super::*;

#[test]
fn the_peer_of_the_connection_is_asked_wherever_forwarded_headers_stand() {
    let certificate = CertificateForwardingLayer::base64;
    let forwarded = || ForwardedHeadersLayer::new([ForwardedPart::For]);
    let app = |peer| coming_from(ApplicationBuilder::new(), peer);
    // The client is a stranger, its proxy is not.
    let of_proxy = [("x-forwarded-for", "198.51.100.9"), ("x-client-cert", ONE)];
    let before = app(LOCAL).layer(certificate()).layer(forwarded());
    let behind = app(LOCAL).layer(forwarded()).layer(certificate());
    assert_eq!(through(before, &of_proxy), "? 1");
    assert_eq!(through(behind, &of_proxy), "? 1");
    // The peer is a stranger, who says that he is a proxy.
    let of_stranger = [("x-forwarded-for", "127.0.0.1"), ("x-client-cert", ONE)];
    for trusting in [forwarded(), forwarded().with_any_proxy()] {
        let behind = app(STRANGER).layer(trusting).layer(certificate());
        assert_eq!(through(behind, &of_stranger), "-");
    }
}

#[test]
fn the_first_that_trusts_the_peer_has_the_only_word() {
    let first = CertificateForwardingLayer::base64();
    let name = HeaderName::from_static("another-cert");
    let second = first.clone().with_header_name(name);
    let app = || coming_from(ApplicationBuilder::new(), LOCAL);
    let both = || app().layer(first.clone()).layer(second.clone());
    let fields = [("x-client-cert", ONE), ("another-cert", TWO)];
    assert_eq!(through(both(), &fields), "? 1");
    assert_eq!(through(both(), &fields[..1]), "? 1", "nor does it forget");
    assert_eq!(through(both(), &fields[1..]), "-");
    let elsewhere = first
        .clone()
        .with_known_networks(["10.0.0.0/8".parse().unwrap()]);
    let elsewhere = elsewhere.with_known_proxies(["10.0.0.1".parse().unwrap()]);
    let other = app().layer(elsewhere).layer(second);
    assert_eq!(
        through(other, &[("x-client-cert", THREE), ("another-cert", TWO)]),
        "? 2"
    );
}
