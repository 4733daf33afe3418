//! The options of sockets.

use std::time::Duration;

use socket2::SockRef;
use transom::adapter::{Socket, SocketOptions, bind_with};
use transom::hyper::Endpoint;
use transom::{HyperServer, Server};

fn bound(options: &SocketOptions) -> std::net::TcpListener {
    let address = "http://127.0.0.1:0".parse().unwrap();
    let mut listeners = bind_with(&[address], options).unwrap();
    match listeners[0].take_socket() {
        Some(Socket::Tcp(socket)) => socket,
        _ => panic!("no TCP socket"),
    }
}

#[test]
fn a_socket_has_the_options_that_it_was_given() {
    let options = SocketOptions::default();
    assert!(!SockRef::from(&bound(&options)).keepalive().unwrap());
    let options = options
        .with_keep_alive(Some(Duration::from_secs(30)))
        .with_receive_buffer(16 * 1024)
        .with_send_buffer(32 * 1024);
    let listener = bound(&options);
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let accepted = loop {
        match listener.accept() {
            Ok((accepted, _)) => break accepted,
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
    };
    let accepted = SockRef::from(&accepted);
    assert!(accepted.keepalive().unwrap());
    // Linux doubles them for its own use.
    assert!((16 * 1024..=32 * 1024).contains(&accepted.recv_buffer_size().unwrap()));
    assert!((32 * 1024..=64 * 1024).contains(&accepted.send_buffer_size().unwrap()));
    drop(client);
}

#[tokio::test]
async fn two_servers_share_an_address_if_both_want_to() {
    let options = SocketOptions::default().with_reuse_port(true);
    let endpoint = |address: &str| Endpoint::new(address).with_socket_options(options.clone());
    let first = HyperServer::default().with_endpoint(endpoint("http://127.0.0.1:0"));
    let first = first.bind().await.unwrap();
    let address = crate::support::address(&first);
    let second = HyperServer::default().with_endpoint(endpoint(&format!("http://{address}")));
    let _second = second.bind().await.unwrap();
    let third = HyperServer::new(format!("http://{address}"));
    assert!(third.bind().await.unwrap_err().is_bind());
}

#[tokio::test]
async fn an_option_that_a_socket_cannot_have_is_an_error() {
    let of_a_file = SocketOptions::default().with_unix_mode(0o600);
    let of_tcp = SocketOptions::default().with_reuse_port(true);
    for (address, options, name) in [
        ("http://127.0.0.1:0", of_a_file, "unix_mode"),
        ("http://unix:/nowhere/app.sock", of_tcp, "reuse_port"),
    ] {
        let endpoint = Endpoint::new(address).with_socket_options(options);
        let error = HyperServer::default()
            .with_endpoint(endpoint)
            .bind()
            .await
            .unwrap_err();
        assert!(error.is_configuration());
        assert!(error.to_string().contains(name), "{error}");
    }
}
