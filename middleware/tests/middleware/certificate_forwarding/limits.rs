//! What is malformed or too much is no certificate, and a line of the log.

use super::*;
use crate::support::logged;

/// Returns the warning that a request with these fields is worth; what it carries is in no line of the log.
fn warned(layer: CertificateForwardingLayer, fields: &[(&str, &str)]) -> String {
    let log = logged(|| assert_eq!(seen(LOCAL, layer, fields), "-"));
    let line = log.lines().find(|line| line.contains("WARN"));
    let line = line.unwrap_or_else(|| panic!("no warning in {log:?}"));
    for (_, value) in fields {
        assert!(value.len() < 6 || !line.contains(value), "{line}");
    }
    let (_, problem) = line.split_once("taken over: ").unwrap();
    let (problem, _) = problem.split_once(" proxy=").unwrap();
    problem.to_owned()
}

#[test]
fn what_is_malformed_is_no_certificate() {
    let base64 = CertificateForwardingLayer::base64;
    for (value, problem) in [
        ("MAMCAQE", "it is not base64"),
        ("MAMC AQE=", "it is not base64"),
        ("?", "it is not base64"),
        // Cut short on its way, and what is behind the end.
        ("MAMCAQ==", "it is not whole DER"),
        ("MAMCAQEA", "it is not whole DER"),
        ("aGVsbG8=", "it is not whole DER"),
    ] {
        let fields = [("x-client-cert", value)];
        assert_eq!(warned(base64(), &fields), problem, "{value}");
    }
    let pem = CertificateForwardingLayer::pem;
    for value in [ONE, "-----BEGIN CERTIFICATE----- MAMCAQE=", "%FF%"] {
        let fields = [("x-client-cert", value)];
        assert_eq!(warned(pem(), &fields), "it is not PEM", "{value}");
    }
    let rfc9440 = CertificateForwardingLayer::rfc9440;
    for value in [
        ONE,
        ":MAMCAQE=",
        "\"MAMCAQE=\"",
        ":MAMCAQE=:, :MAMCAQE=:",
        ":?:",
    ] {
        let fields = [("client-cert", value)];
        let problem = warned(rfc9440(), &fields);
        assert_eq!(problem, "it is not a byte sequence", "{value}");
    }
    for value in ["1", "(:MAMCAQE=:)", ":MAMCAQE=:,", ""] {
        let fields = [("client-cert", ":MAMCAQE=:"), ("client-cert-chain", value)];
        match value {
            // An empty list is one.
            "" => assert_eq!(seen(LOCAL, rfc9440(), &fields), "? 1"),
            _ => assert_eq!(
                warned(rfc9440(), &fields),
                "the chain is not a list of byte sequences",
                "{value}"
            ),
        }
    }
}

#[test]
fn of_two_certificates_neither_is_the_clients() {
    let fields = [("x-client-cert", ONE), ("x-client-cert", TWO)];
    let problem = warned(CertificateForwardingLayer::base64(), &fields);
    assert_eq!(problem, "it is there more than once");
    let fields = [("client-cert-chain", ":MAMCAQE=:")];
    let problem = warned(CertificateForwardingLayer::rfc9440(), &fields);
    assert_eq!(problem, "there is a chain without it");
}

#[test]
fn sizes_and_lengths_are_limited() {
    let long = "A".repeat(32 * 1024 + 1);
    let base64 = CertificateForwardingLayer::base64;
    let problem = warned(base64(), &[("x-client-cert", &long)]);
    assert_eq!(problem, "it is longer than it may be");
    let exactly = base64().with_max_size(ONE.len());
    assert_eq!(seen(LOCAL, exactly, &[("x-client-cert", ONE)]), "? 1");
    let short = base64().with_max_size(ONE.len() - 1);
    warned(short, &[("x-client-cert", ONE)]);

    let rfc9440 = CertificateForwardingLayer::rfc9440;
    let chain = |length: usize| vec![":MAMCAQI=:"; length].join(",");
    fn fields(chain: &str) -> [(&str, &str); 2] {
        [("client-cert", ":MAMCAQE=:"), ("client-cert-chain", chain)]
    }
    let ten = seen(LOCAL, rfc9440(), &fields(&chain(9)));
    assert_eq!(ten, "? 1 2 2 2 2 2 2 2 2 2");
    let problem = warned(rfc9440(), &fields(&chain(10)));
    assert_eq!(problem, "there are more certificates than there may be");
    let alone = rfc9440().with_max_chain_length(1);
    warned(alone, &fields(&chain(1)));
    let both = rfc9440().with_max_size(20);
    assert_eq!(seen(LOCAL, both, &fields(&chain(1))), "? 1 2");
    warned(rfc9440().with_max_size(19), &fields(&chain(1)));
}

#[test]
fn no_part_of_a_value_is_taken_for_the_whole() {
    let pem = "-----BEGIN%20CERTIFICATE-----%0AMAMCAQE%3D%0A-----END%20CERTIFICATE-----";
    for (layer, name, value) in [
        (CertificateForwardingLayer::base64(), "x-client-cert", ONE),
        (CertificateForwardingLayer::pem(), "x-client-cert", pem),
        (
            CertificateForwardingLayer::rfc9440(),
            "client-cert",
            ":MAMCAQE=:",
        ),
    ] {
        assert_eq!(seen(LOCAL, layer.clone(), &[(name, value)]), "? 1");
        for end in 0..value.len() {
            for part in [&value[..end], &format!("{}é", &value[..end])] {
                let seen = seen(LOCAL, layer.clone(), &[(name, part)]);
                assert_eq!(seen, "-", "{part}");
            }
        }
    }
}
