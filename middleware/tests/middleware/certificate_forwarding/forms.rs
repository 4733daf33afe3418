//! How certificates are written.

use http::HeaderName;

use super::*;

fn local(layer: CertificateForwardingLayer, fields: &[(&str, &str)]) -> String {
    seen(LOCAL, layer, fields)
}

#[test]
fn base64_of_der_is_read_from_x_client_cert() {
    let layer = CertificateForwardingLayer::base64;
    assert_eq!(local(layer(), &[("x-client-cert", ONE)]), "? 1");
    assert_eq!(local(layer(), &[("x-client-cert", " MAMCAQE= ")]), "? 1");
    assert_eq!(local(layer(), &[]), "-");
}

#[test]
fn the_name_of_the_field_can_be_another() {
    let name = HeaderName::from_static("x-arr-clientcert");
    let layer = CertificateForwardingLayer::base64().with_header_name(name);
    let fields = [("x-arr-clientcert", TWO), ("x-client-cert", ONE)];
    assert_eq!(local(layer, &fields), "? 2 x-client-cert");
}

#[test]
fn pem_is_read_in_every_way_in_which_a_field_can_have_it() {
    for value in [
        // nginx's `$ssl_client_escaped_cert`
        "-----BEGIN%20CERTIFICATE-----%0AMAMCAQE%3D%0A-----END%20CERTIFICATE-----%0A",
        // Apache and HAProxy
        "-----BEGIN CERTIFICATE----- MAMC AQE= -----END CERTIFICATE----- ",
        // nginx's `$ssl_client_cert`, where somebody has taken the line feeds out
        "-----BEGIN CERTIFICATE-----\tMAMCAQE=\t-----END CERTIFICATE-----",
    ] {
        let layer = CertificateForwardingLayer::pem();
        assert_eq!(local(layer, &[("x-client-cert", value)]), "? 1", "{value}");
    }
    let chain = "-----BEGIN CERTIFICATE----- MAMCAQE= -----END CERTIFICATE----- \
                 -----BEGIN CERTIFICATE----- MAMCAQI= -----END CERTIFICATE-----";
    let layer = CertificateForwardingLayer::pem();
    assert_eq!(local(layer, &[("x-client-cert", chain)]), "? 1 2");
}

#[test]
fn rfc_9440_has_a_field_for_the_certificate_and_one_for_the_chain() {
    let layer = CertificateForwardingLayer::rfc9440;
    let own = ("client-cert", ":MAMCAQE=:");
    assert_eq!(local(layer(), &[own]), "? 1");
    let chain = ("client-cert-chain", ":MAMCAQI=:, :MAMCAQM=:");
    assert_eq!(local(layer(), &[own, chain]), "? 1 2 3");
    let lines = [
        own,
        ("client-cert-chain", ":MAMCAQI=:"),
        ("client-cert-chain", ":MAMCAQM=:"),
    ];
    assert_eq!(local(layer(), &lines), "? 1 2 3", "the lines are one list");
    let parameters = [("client-cert", ":MAMCAQE=:;unknown=1")];
    assert_eq!(local(layer(), &parameters), "? 1");
}

#[test]
fn a_form_of_ones_own_is_read_by_a_function() {
    let layer = CertificateForwardingLayer::base64()
        .with_converter(|value| Some(vec![[&[0x30, 1][..], value].concat().into()]));
    assert_eq!(local(layer.clone(), &[("x-client-cert", "A")]), "? 65");
    assert_eq!(
        local(layer, &[("x-client-cert", "AB")]),
        "-",
        "it is not whole DER"
    );
    let refuses = CertificateForwardingLayer::base64().with_converter(|_| None);
    assert_eq!(local(refuses, &[("x-client-cert", ONE)]), "-");
    let nothing = CertificateForwardingLayer::base64().with_converter(|_| Some(Vec::new()));
    assert_eq!(local(nothing, &[("x-client-cert", ONE)]), "-");
}

#[test]
fn an_empty_field_is_no_certificate_and_nothing_to_warn_of() {
    let layers = [
        CertificateForwardingLayer::base64(),
        CertificateForwardingLayer::pem(),
    ];
    for layer in layers {
        // Apache writes the second.
        for value in ["", "(null)"] {
            let log = crate::support::logged(|| {
                let seen = local(layer.clone(), &[("x-client-cert", value)]);
                assert_eq!(seen, "-", "{value:?}");
            });
            assert!(!log.contains("WARN"), "{log}");
        }
    }
}
