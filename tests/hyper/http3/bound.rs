//! Where HTTP/3 is spoken.

#[cfg(feature = "http3")]
use std::net::{SocketAddr, TcpListener, UdpSocket};
#[cfg(feature = "http3")]
use std::sync::Arc;

#[cfg(feature = "http3")]
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
#[cfg(feature = "http3")]
use transom::BoundServer;
#[cfg(feature = "http3")]
use transom::features::ServerAddresses;
#[cfg(feature = "http3")]
use transom::hyper::HyperConfiguration;
use transom::hyper::tls::Certificate;
use transom::hyper::{Endpoint, Protocols};
use transom::{HyperServer, Server};

#[cfg(feature = "http3")]
use crate::support::{says, start_with, within};

fn certificate() -> Certificate {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    Certificate::from_pem(made.cert.pem(), made.signing_key.serialize_pem())
}

fn server(protocols: Protocols) -> HyperServer {
    let endpoint = Endpoint::new("https://127.0.0.1:0")
        .with_protocols(protocols)
        .with_tls(certificate());
    HyperServer::default().with_endpoint(endpoint)
}

#[cfg(feature = "http3")]
fn address(bound: &impl BoundServer) -> SocketAddr {
    let addresses = bound.features().require::<ServerAddresses>().unwrap();
    let [address] = &addresses.bound()[..] else {
        panic!("one endpoint has one address");
    };
    address.connect_addr().unwrap()
}

#[cfg(feature = "http3")]
#[tokio::test]
async fn http3_is_bound_at_the_port_of_the_other_versions() {
    let bound = server(Protocols::HTTP1_AND_2_AND_3).bind().await.unwrap();
    let at = address(&bound);
    assert!(TcpListener::bind(at).is_err(), "TCP is taken");
    assert!(UdpSocket::bind(at).is_err(), "UDP is taken");
    drop(bound);
    assert!(
        UdpSocket::bind(at).is_ok(),
        "a bound server that is dropped frees its port"
    );
}

#[cfg(feature = "http3")]
#[tokio::test]
async fn http3_alone_leaves_tcp_to_others() {
    // Somebody else on this machine may have the port of TCP; nobody has ten of them.
    for _ in 0..10 {
        let bound = server(Protocols::HTTP3).bind().await.unwrap();
        let at = address(&bound);
        assert!(UdpSocket::bind(at).is_err(), "UDP is taken");
        if TcpListener::bind(at).is_ok() {
            return;
        }
    }
    panic!("TCP is taken");
}

/// Returns what a server says over HTTP/1 of HTTP/3 at the same port.
#[cfg(feature = "http3")]
async fn alt_svc(server: impl FnOnce(Certificate) -> HyperServer) -> (u16, Option<String>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = Certificate::from_pem(made.cert.pem(), made.signing_key.serialize_pem());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let running = start_with(server(certificate), says("hello")).await;
    let answer = https(running.address, roots).await;
    let port = running.address.port();
    running.stop().await;
    let said = answer
        .lines()
        .find_map(|line| line.strip_prefix("alt-svc: "));
    (port, said.map(str::to_owned))
}

/// Returns the answer to a request of HTTP/1.
#[cfg(feature = "http3")]
async fn https(at: SocketAddr, roots: rustls::RootCertStore) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(at).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(tls));
    let name = "localhost".try_into().unwrap();
    let mut stream = within(connector.connect(name, stream)).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[cfg(feature = "http3")]
#[tokio::test]
async fn responses_of_other_versions_tell_of_http3_unless_they_shall_not() {
    let speaks = |protocols| {
        move |certificate| {
            let endpoint = Endpoint::new("https://127.0.0.1:0").with_protocols(protocols);
            HyperServer::default().with_endpoint(endpoint.with_tls(certificate))
        }
    };
    let (port, told) = alt_svc(speaks(Protocols::HTTP1_AND_2_AND_3)).await;
    assert_eq!(told, Some(format!("h3=\":{port}\"; ma=86400")));
    let (_, told) = alt_svc(speaks(Protocols::HTTP1)).await;
    assert_eq!(told, None, "it is not spoken");
    let (_, told) = alt_svc(|certificate| {
        let endpoint = Endpoint::new("https://127.0.0.1:0")
            .with_protocols(Protocols::HTTP1_AND_2_AND_3)
            .with_tls(certificate)
            .without_alt_svc();
        HyperServer::default().with_endpoint(endpoint)
    })
    .await;
    assert_eq!(told, None, "it was turned off");
}

#[cfg(feature = "http3")]
#[tokio::test]
async fn a_file_may_say_that_nothing_is_told_of_http3() {
    for (line, is_told) in [
        ("", true),
        ("alt_svc = true", true),
        ("alt_svc = false", false),
    ] {
        let toml = format!(
            "[hyper.endpoints.a]\nurl = 'https://127.0.0.1:0'\nprotocols = ['http1', 'http3']\n{line}"
        );
        let configuration = HyperConfiguration::from_toml_str(&toml).unwrap();
        let (_, told) = alt_svc(|certificate| {
            HyperServer::default()
                .with_tls(certificate)
                .with_configuration(configuration)
        })
        .await;
        assert_eq!(told.is_some(), is_told, "{line}");
    }
}

#[cfg(feature = "http3")]
#[tokio::test]
async fn http3_without_tls_is_an_error_that_says_so() {
    let endpoint = Endpoint::new("http://127.0.0.1:0").with_protocols(Protocols::HTTP1_AND_2_AND_3);
    let error = HyperServer::default()
        .with_endpoint(endpoint)
        .bind()
        .await
        .unwrap_err();
    assert!(error.is_configuration());
    assert!(
        error.to_string().contains("HTTP/3, which needs TLS"),
        "{error}"
    );
}

#[cfg(not(feature = "http3"))]
#[tokio::test]
async fn http3_that_was_not_built_in_is_an_error_that_says_so() {
    let error = server(Protocols::HTTP3).bind().await.unwrap_err();
    assert!(error.is_configuration());
    assert!(error.to_string().contains("the feature `http3`"), "{error}");
}
