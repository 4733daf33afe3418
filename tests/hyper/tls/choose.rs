//! A choice by what the client says first.

use std::sync::Arc;

use transom::hyper::tls::{ClientHello, Tls};

use super::{Authority, TlsClient, https};
use crate::support::{says, start_with, within};

#[tokio::test]
async fn the_handshake_can_wait_for_a_choice() {
    let authority = Authority::new();
    let names = &["a.example", "b.example", "c.example"];
    let (chosen, default) = (authority.server(names), authority.server(names));
    let (tenant, (seen, mut hellos)) = (
        Tls::new(chosen.pem()),
        tokio::sync::mpsc::unbounded_channel::<ClientHello>(),
    );
    let tls = Tls::new(default.pem()).with_handshake(move |hello| {
        seen.send(hello.clone()).unwrap();
        let tenant = tenant.clone();
        async move {
            tokio::task::yield_now().await;
            match hello.server_name() {
                Some("a.example") => Ok(Some(tenant)),
                Some("b.example") => Ok(None),
                _ => Err("there is no such tenant".into()),
            }
        }
    });
    let server = start_with(https(tls), says("hi")).await;
    let client = TlsClient::new(&authority).alpn(&["http/1.1", "h2"]);

    let connected = client.connect(&server, "a.example").await.unwrap();
    assert!(connected.shown() == chosen.der);
    let hello = within(hellos.recv()).await.unwrap();
    assert_eq!(hello.server_name(), Some("a.example"));
    assert_eq!(
        hello.protocols().collect::<Vec<_>>(),
        [&b"http/1.1"[..], b"h2"]
    );
    let remote = hello.connection().remote().unwrap().socket_addr();
    assert_eq!(remote, connected.0.get_ref().0.local_addr().ok());

    let connected = client.connect(&server, "b.example").await.unwrap();
    assert!(connected.shown() == default.der);
    let error = client.connect(&server, "c.example").await.err().unwrap();
    assert!(error.to_string().contains("InternalError"), "{error}");
    server.stop().await;
}

#[tokio::test]
async fn what_is_chosen_is_read_once_and_takes_its_sessions_up_again() {
    let authority = Authority::new();
    let tenant = Arc::new(Tls::new(authority.server(&["a.example"]).pem()));
    let tls = Tls::by_sni().with_handshake(move |_| {
        let tenant = Tls::clone(&tenant);
        async move { Ok(Some(tenant)) }
    });
    let server = start_with(https(tls), says("hi")).await;
    let client = TlsClient::new(&authority).resuming();
    assert_eq!(client.get(&server, "a.example").await.unwrap(), "hi");
    let again = client.connect(&server, "a.example").await.unwrap();
    let kind = again.0.get_ref().1.handshake_kind();
    assert_eq!(kind, Some(rustls::HandshakeKind::Resumed));
    server.stop().await;
}
