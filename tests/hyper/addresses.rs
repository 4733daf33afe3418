//! What it listens on.

use std::error::Error as _;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use transom::features::{ConnectionInfo, RequestExt, Scheme, ServerAddresses};
use transom::{Body, BoundServer, HyperServer, Request, Response, Server, Shutdown};

use crate::support::{Client, says, within};

#[tokio::test]
async fn an_address_that_is_taken_is_named_and_nothing_stays_bound() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken_at = taken.local_addr().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = HyperServer::new(format!("http://{free};http://{taken_at}"))
        .bind()
        .await
        .unwrap_err();
    assert!(error.is_bind());
    assert_eq!(
        error.to_string(),
        format!("failed to bind to http://{taken_at}")
    );
    assert!(error.source().is_some());
    std::net::TcpListener::bind(free).unwrap();
}

#[tokio::test]
async fn https_needs_a_certificate() {
    let error = HyperServer::new("https://127.0.0.1:0")
        .bind()
        .await
        .unwrap_err();
    assert!(error.is_configuration());
    assert!(
        error
            .to_string()
            .starts_with("`https://127.0.0.1:0` needs a certificate"),
        "{error}"
    );
}

#[tokio::test]
async fn localhost_is_both_loopbacks_and_one_address() {
    let port = std::net::TcpListener::bind("[::1]:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let bound = HyperServer::new(format!("http://localhost:{port}"))
        .bind()
        .await
        .unwrap();
    let addresses = bound
        .features()
        .require::<ServerAddresses>()
        .unwrap()
        .clone();
    assert_eq!(addresses.bound(), addresses.requested());
    let (trigger, shutdown) = Shutdown::pair();
    let serving = tokio::spawn(bound.serve(says("done"), shutdown));
    for host in ["127.0.0.1", "::1"] {
        let mut client = Client(tokio::net::TcpStream::connect((host, port)).await.unwrap());
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        client.until("done").await;
    }
    trigger.request();
    within(serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_listener_that_is_handed_over_is_served_and_not_to_be_replaced() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It waits from before the server was there.
    let mut client = Client(tokio::net::TcpStream::connect(address).await.unwrap());
    let mut server = HyperServer::from_tcp_listener(listener);
    assert!(server.requested_addresses().is_none());
    let bound = server.bind().await.unwrap();
    let addresses = bound.features().require::<ServerAddresses>().unwrap();
    assert!(addresses.requested().is_empty());
    assert_eq!(
        addresses.bound()[0].to_string(),
        format!("http://{address}")
    );
    let serving = tokio::spawn(bound.serve(says("done"), Shutdown::never()));
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.until("done").await;
    serving.abort();
}

#[tokio::test]
async fn a_request_knows_its_connection() {
    let server = crate::support::start(|request: Request| async move {
        let info = request.feature::<ConnectionInfo>().unwrap();
        let scheme = request.feature::<Scheme>().unwrap();
        let text = format!(
            "{} {} {} {scheme}",
            info.transport().as_str(),
            info.local().unwrap(),
            info.remote().unwrap()
        );
        Response::new(Body::from(text))
    })
    .await;
    let mut client = server.connect().await;
    let expected = format!(
        "tcp {} {} http",
        server.address,
        client.0.local_addr().unwrap()
    );
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.until(&expected).await;
    server.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_replaces_a_stale_file_and_removes_its_own() {
    let folder = std::env::temp_dir().join(format!("transom-hyper-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("app.sock");
    let _ = std::fs::remove_file(&path);
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap()); // leaves its file
    assert!(path.exists());

    let address = format!("http://unix:{}", path.display());
    let bound = HyperServer::new(&address).bind().await.unwrap();
    let error = HyperServer::new(&address).bind().await.unwrap_err();
    assert!(error.is_bind(), "it is in use: {error}");
    let (trigger, shutdown) = Shutdown::pair();
    let serving = tokio::spawn(bound.serve(says("done"), shutdown));
    let mut client = tokio::net::UnixStream::connect(&path).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    within(client.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.ends_with("done"), "{answer}");
    trigger.request();
    within(serving).await.unwrap().unwrap();
    assert!(!path.exists());

    let bound = HyperServer::new(&address).bind().await.unwrap();
    drop(bound.serve(says("done"), Shutdown::never()));
    assert!(!path.exists(), "dropped");
    std::fs::remove_dir_all(&folder).unwrap();
}
