//! Which certificate a client is shown.

use rustls::version::{TLS12, TLS13};
use transom::features::TlsVersion;
use transom::hyper::Protocols;
use transom::hyper::tls::{Tls, TlsOptions};

use super::{Authority, TlsClient, https};
use crate::support::{says, start_with};

#[tokio::test]
async fn an_exact_name_goes_before_a_longer_wildcard_before_a_shorter_one_before_any() {
    let authority = Authority::new();
    let all = &[
        "a.example",
        "b.example",
        "x.b.example",
        "y.x.b.example",
        "c.test",
    ];
    let [any, wild, wilder, exact] = [(); 4].map(|()| authority.server(all));
    let tls = Tls::new(any.pem())
        .with_sni("*.example", wild.pem())
        .with_sni("*.B.example", wilder.pem())
        .with_sni("A.example", exact.pem());
    let server = start_with(https(tls), says("hi")).await;
    let client = TlsClient::new(&authority);
    let nameless = client.clone().nameless();
    for (client, name, expected) in [
        (&client, "a.example", &exact),
        (&client, "b.example", &wild),
        (&client, "x.b.example", &wilder),
        (&client, "y.x.b.example", &wilder),
        (&client, "c.test", &any),
        (&nameless, "a.example", &any),
    ] {
        let connected = client.connect(&server, name).await.unwrap();
        assert!(connected.shown() == expected.der, "{name}");
        assert_eq!(connected.get(name).await.unwrap(), "hi");
    }
    server.stop().await;
}

#[tokio::test]
async fn without_a_certificate_for_every_name_others_are_refused() {
    let authority = Authority::new();
    let tls = Tls::by_sni().with_sni(
        "a.example",
        authority.server(&["a.example", "b.example"]).pem(),
    );
    let server = start_with(https(tls), says("hi")).await;
    let client = TlsClient::new(&authority);
    assert_eq!(client.get(&server, "a.example").await.unwrap(), "hi");
    for (client, name) in [
        (client.clone(), "b.example"),
        (client.nameless(), "a.example"),
    ] {
        let error = client.connect(&server, name).await.err().unwrap();
        assert!(error.to_string().contains("UnrecognisedName"), "{error}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_name_may_have_versions_and_protocols_of_its_own() {
    let authority = Authority::new();
    let certificate = authority.server(&["old.example", "new.example"]).pem();
    let old = TlsOptions::new(certificate.clone())
        .with_versions([TlsVersion::Tls12])
        .with_protocols(Protocols::HTTP1);
    let tls = Tls::new(certificate)
        .with_versions([TlsVersion::Tls13])
        .with_sni("old.example", old);
    let server = start_with(https(tls), says("hi")).await;
    let offers = ["h2", "http/1.1"];
    let only = |version| TlsClient::of(&authority, None, &[version]).alpn(&offers);
    let (tls12, tls13) = (only(&TLS12), only(&TLS13));

    let connected = tls12.connect(&server, "old.example").await.unwrap();
    assert_eq!(
        connected.0.get_ref().1.alpn_protocol(),
        Some(&b"http/1.1"[..])
    );
    let connected = tls13.connect(&server, "new.example").await.unwrap();
    assert_eq!(connected.0.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    for (client, name) in [(tls12, "new.example"), (tls13, "old.example")] {
        let error = client.connect(&server, name).await.err().unwrap();
        assert!(error.to_string().contains("ProtocolVersion"), "{error}");
    }
    server.stop().await;
}
