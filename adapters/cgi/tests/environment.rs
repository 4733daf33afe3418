//! What a gateway says of a client reaches the application.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use transom::features::{
    ConnectionInfo, OriginalTarget, PathBase, RequestExt, Scheme, ServerAddresses, ServerVariables,
    TlsInfo,
};
use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
use transom_cgi::{PathBaseSource, ScgiServer};

/// Sends a request of these variables, and returns it as the application saw it.
async fn seen(server: ScgiServer, variables: &[(&str, &str)]) -> Request {
    let bound = server.bind().await.unwrap();
    let addresses = bound.features().require::<ServerAddresses>().unwrap();
    let address = addresses.bound()[0].connect_addr().unwrap();
    let seen = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&seen);
    let app = move |request: Request| {
        *kept.lock().unwrap() = Some(request);
        async { Response::new(Body::empty()) }
    };
    let mut serving = JoinSet::new();
    serving.spawn(bound.serve(app, Shutdown::never()));

    let least = [
        ("CONTENT_LENGTH", "0"),
        ("REQUEST_METHOD", "GET"),
        ("REQUEST_URI", "/app/a%2Fb?q"),
        ("HTTP_HOST", "a.test"),
    ];
    let all: HashMap<_, _> = least.iter().chain(variables).copied().collect();
    let all: Vec<_> = all
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        .collect();
    let mut gateway = TcpStream::connect(address).await.unwrap();
    let opening = (support::encode::SCGI.encode)(&all);
    gateway.write_all(&opening).await.unwrap();
    let mut answer = String::new();
    gateway.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("Status: 200 "), "{answer}");
    seen.lock().unwrap().take().unwrap()
}

fn server() -> ScgiServer {
    ScgiServer::new("http://127.0.0.1:0")
}

#[tokio::test]
async fn the_ends_and_the_tls_of_the_client_are_those_that_the_gateway_tells() {
    let pem = "-----BEGIN CERTIFICATE-----\nZm9v\n-----END CERTIFICATE-----\n";
    let request = seen(
        server(),
        &[
            ("REMOTE_ADDR", "2001:db8::7"),
            ("REMOTE_PORT", "4000"),
            ("SERVER_ADDR", "192.0.2.1"),
            ("SERVER_PORT", "443"),
            ("SERVER_PROTOCOL", "HTTP/2.0"),
            ("HTTPS", "on"),
            ("SSL_PROTOCOL", "TLSv1.3"),
            ("SSL_CIPHER", "TLS_AES_256_GCM_SHA384"),
            ("SSL_TLS_SNI", "a.test"),
            ("SSL_CLIENT_VERIFY", "SUCCESS"),
            ("SSL_CLIENT_CERT", pem),
        ],
    )
    .await;
    assert_eq!(request.version(), http::Version::HTTP_2);
    let info = request.feature::<ConnectionInfo>().unwrap();
    assert_eq!(info.remote().unwrap().to_string(), "[2001:db8::7]:4000");
    assert_eq!(info.local().unwrap().to_string(), "192.0.2.1:443");
    assert_eq!(request.feature::<Scheme>(), Some(&Scheme::Https));
    let tls = request.feature::<TlsInfo>().unwrap();
    assert_eq!(tls.cipher_suite(), Some("TLS_AES_256_GCM_SHA384"));
    assert_eq!(tls.server_name(), Some("a.test"));
    assert_eq!(tls.client_certificate().unwrap(), "foo");
}

#[tokio::test]
async fn what_is_not_told_is_absent() {
    let request = seen(server(), &[("SSL_PROTOCOL", "TLSv1.3")]).await;
    let info = request.feature::<ConnectionInfo>().unwrap();
    assert!(info.remote().is_none() && info.local().is_none());
    assert_eq!(request.feature::<Scheme>(), Some(&Scheme::Http));
    assert!(request.feature::<TlsInfo>().is_none());
    assert!(request.feature::<PathBase>().is_none());
}

#[tokio::test]
async fn the_name_of_the_script_is_the_path_base_where_that_is_asked_for() {
    let script = [("SCRIPT_NAME", "/app"), ("PATH_INFO", "/a/b")];
    let request = seen(server(), &script).await;
    assert_eq!(request.uri(), "/app/a%2Fb?q");
    let asked = server().with_path_base(PathBaseSource::ScriptName);
    let request = seen(asked, &script).await;
    assert_eq!(request.uri(), "/a%2Fb?q");
    assert_eq!(request.feature::<PathBase>().unwrap().as_str(), "/app");
    let target = request.feature::<OriginalTarget>().unwrap();
    assert_eq!(target.to_string(), "/app/a%2Fb?q");
}

#[tokio::test]
async fn every_variable_is_there_and_httpoxy_is_not() {
    let variables = [
        ("REMOTE_USER", "ada"),
        ("HTTP_PROXY", "http://evil.test"),
        ("HTTP_CONTENT_LENGTH", "0"),
        ("HTTP_TRANSFER_ENCODING", "chunked"),
    ];
    let request = seen(server(), &variables).await;
    let all = request.feature::<ServerVariables>().unwrap();
    assert_eq!(all.text("REMOTE_USER"), Some("ada"));
    assert_eq!(all.text("HTTP_PROXY"), Some("http://evil.test"));
    let fields: Vec<_> = request.headers().keys().map(|name| name.as_str()).collect();
    assert_eq!(fields, ["host"]);
}
