//! Where HTTP/3 is spoken. What it does is told by the cases of `transom-conformance`.

#[cfg(feature = "http3")]
use std::net::{SocketAddr, TcpListener, UdpSocket};

#[cfg(feature = "http3")]
use transom::BoundServer;
#[cfg(feature = "http3")]
use transom::features::ServerAddresses;
use transom::hyper::tls::Certificate;
use transom::hyper::{Endpoint, Protocols};
use transom::{HyperServer, Server};

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
    let bound = server(Protocols::HTTP3).bind().await.unwrap();
    let at = address(&bound);
    assert!(TcpListener::bind(at).is_ok(), "TCP is free");
    assert!(UdpSocket::bind(at).is_err(), "UDP is taken");
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
