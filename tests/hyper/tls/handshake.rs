//! What a handshake agrees on, and what the application is told of it.

use transom::features::{RequestExt, Scheme, TlsInfo, TlsVersion};
use transom::hyper::MemoryConnector;
use transom::hyper::tls::Tls;
use transom::{Body, BoundServer, HyperServer, Request, Response, Server, Shutdown};

use super::{Authority, TlsClient, https};
use crate::support::{Running, start_with};

/// Answers with what is known of TLS.
async fn tells(request: Request) -> Response {
    assert_eq!(request.feature::<Scheme>(), Some(&Scheme::Https));
    let tls = request.feature::<TlsInfo>().unwrap();
    let protocol = String::from_utf8_lossy(tls.protocol().unwrap_or(b"-"));
    Response::new(Body::from(format!(
        "{} {} {} {protocol} {}",
        tls.version().unwrap(),
        tls.cipher_suite().unwrap(),
        tls.server_name().unwrap_or("-"),
        if tls.is_resumed() { "resumed" } else { "full" },
    )))
}

async fn start(tls: Tls) -> Running {
    start_with(https(tls), tells).await
}

#[tokio::test]
async fn the_application_is_told_what_was_agreed_on() {
    let authority = Authority::new();
    let server = start(Tls::new(authority.server(&["example.com"]).pem())).await;
    let client = TlsClient::new(&authority);
    let told = client.get(&server, "example.com").await.unwrap();
    assert_eq!(told, "TLSv1.3 TLS_AES_256_GCM_SHA384 example.com - full");

    let alpn = client.clone().alpn(&["http/1.1"]);
    let told = alpn.get(&server, "example.com").await.unwrap();
    assert_eq!(
        told,
        "TLSv1.3 TLS_AES_256_GCM_SHA384 example.com http/1.1 full"
    );

    let old = TlsClient::of(&authority, None, &[&rustls::version::TLS12]);
    let told = old.nameless().get(&server, "example.com").await.unwrap();
    assert_eq!(
        told,
        "TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 - - full"
    );
    server.stop().await;
}

#[tokio::test]
async fn http2_is_agreed_on_by_alpn_and_by_nothing_else() {
    let authority = Authority::new();
    let server = start(Tls::new(authority.server(&["example.com"]).pem())).await;
    let client = TlsClient::new(&authority).alpn(&["http/1.1", "h2"]);
    let stream = client.connect(&server, "example.com").await.unwrap();
    assert_eq!(stream.0.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));

    let io = hyper_util::rt::TokioIo::new(stream.0);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    let driver = tokio::spawn(connection);
    let request = http::Request::get("https://example.com/")
        .body(Body::empty())
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    let body = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap();
    assert_eq!(
        body.to_bytes(),
        "TLSv1.3 TLS_AES_256_GCM_SHA384 example.com h2 full"
    );
    drop(sender);
    driver.await.unwrap().unwrap();

    // RFC 9113, section 3.2: no prior knowledge over TLS. To HTTP/1 the preface is no request.
    let mut plain = TlsClient::new(&authority)
        .connect(&server, "example.com")
        .await
        .unwrap();
    plain
        .send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    let answer = plain.rest().await.unwrap();
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 "),
        "{answer}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_session_is_taken_up_again() {
    let authority = Authority::new();
    let server = start(Tls::new(authority.server(&["example.com"]).pem())).await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let client = TlsClient::of(&authority, None, &[version]).resuming();
        let told = client.get(&server, "example.com").await.unwrap();
        assert!(told.ends_with(" full"), "{told}");
        let told = client.get(&server, "example.com").await.unwrap();
        assert!(told.ends_with(" resumed"), "{told}");
    }
    assert_eq!(TlsVersion::Tls13.to_string(), "TLSv1.3");
    server.stop().await;
}

#[tokio::test]
async fn an_endpoint_in_memory_speaks_it_as_well() {
    let authority = Authority::new();
    let server = HyperServer::new("https://memory:app")
        .with_tls(authority.server(&["example.com"]).pem())
        .bind()
        .await
        .unwrap();
    let connector = server.features().require::<MemoryConnector>().unwrap();
    let stream = connector.connect("app").await.unwrap();
    let _serving = tokio::spawn(server.serve(tells, Shutdown::never()));
    let client = TlsClient::new(&authority).over(stream, "example.com").await;
    let told = client.unwrap().get("example.com").await.unwrap();
    assert_eq!(told, "TLSv1.3 TLS_AES_256_GCM_SHA384 example.com - full");
}
