//! A connection of HTTP/3.

use std::net::Ipv4Addr;
use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use rustls::RootCertStore;
use transom::HyperServer;
use transom::hyper::tls::Certificate;
use transom::hyper::{Endpoint, Protocols};

use crate::recorded::recorded;
use crate::server::{eventually, start, within};
use crate::spans::Log;

/// `GET /` of `https://a`, in a frame.
const GET: &[u8] = b"\x01\x08\x00\x00\xd1\xd7\x50\x01a\xc1";

#[tokio::test]
async fn a_connection_of_http3_is_measured_and_logged_as_any_other() {
    recorded!(measured);
    let log = Log::begin();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = Certificate::from_pem(made.cert.pem(), made.signing_key.serialize_pem());
    let server = start(|_| {
        let endpoint = Endpoint::new("https://127.0.0.1:0")
            .with_protocols(Protocols::HTTP3)
            .with_tls(certificate);
        HyperServer::default().with_endpoint(endpoint)
    })
    .await;

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let tls = QuicClientConfig::try_from(tls).unwrap();
    let mut client = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    client.set_default_client_config(quinn::ClientConfig::new(Arc::new(tls)));
    let connecting = client.connect(server.address, "localhost").unwrap();
    let connection = within(connecting).await.unwrap();
    let (mut send, mut receive) = within(connection.open_bi()).await.unwrap();
    send.write_all(GET).await.unwrap();
    send.finish().unwrap();
    let answer = within(receive.read_to_end(1000)).await.unwrap();
    assert!(answer.ends_with(b"hello"), "{answer:?}");

    let labels = format!(
        "network.transport=udp,network.type=ipv4,server.address=127.0.0.1,server.port={}",
        server.address.port()
    );
    let active = format!("transom.active_connections{{{labels}}}");
    assert_eq!(
        measured.series("transom.active_connections"),
        [(active, 1.0)]
    );
    assert_eq!(
        measured.series("transom.tls_handshake.duration"),
        [(
            format!("transom.tls_handshake.duration{{{labels},tls.protocol.version=1.3}}"),
            1.0
        )]
    );
    let called = log.lines("the application is called");
    assert_eq!(called.len(), 1);
    assert!(called[0].contains("connection{id="), "{called:?}");
    assert!(called[0].contains("transport=\"udp\""), "{called:?}");

    // A frame of HTTP/2.
    let (mut send, _receive) = within(connection.open_bi()).await.unwrap();
    send.write_all(&[0x02, 0x00]).await.unwrap();
    within(connection.closed()).await;
    eventually("it is closed", || server.statistics.connections() == 0).await;
    let ended = measured.series("transom.connection.duration");
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert!(
        ended[0].0.contains("error.type=protocol_error"),
        "{ended:?}"
    );
    assert_eq!(measured.value("transom.active_connections"), 0.0);
    let closed = log.until("connection closed").await;
    assert!(closed[0].contains("protocol_error"), "{closed:?}");
    server.stop().await;
}
