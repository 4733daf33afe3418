//! Clients that wait for `100 Continue`.

use std::sync::Arc;

use tokio::sync::Notify;
use transom::{Body, Request, Response};

use crate::support::{Client, Running};

const GO_ON: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

fn ask(server: &Running, target: &str) -> Client {
    let mut client = server.connect();
    let host = server.address();
    client.send_raw(&format!(
        "POST {target} HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    ));
    client
}

/// Waits until it is told to go on, and gets back what it sends.
fn goes_on(mut client: Client) {
    client.until(GO_ON);
    client.forget(GO_ON);
    client.send_raw("body");
    assert_eq!(client.reply(false).text(), "body");
}

#[test]
fn a_client_that_waits_is_told_to_go_on_when_its_body_is_read() {
    let (called, read) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (says, waits) = (Arc::clone(&called), Arc::clone(&read));
    let server = Running::start(move |request: Request| {
        let (says, waits) = (Arc::clone(&says), Arc::clone(&waits));
        async move {
            says.notify_one();
            waits.notified().await;
            let body = request.into_body().collect(10).await.unwrap();
            Response::new(Body::from(body))
        }
    });
    let mut client = ask(&server, "/");
    server.runtime.block_on(called.notified());
    assert!(client.is_silent(), "told before anybody reads");
    read.notify_one();
    goes_on(client);
    server.stop();
}

#[test]
fn a_client_whose_body_is_sent_back_is_told_before_the_response_begins() {
    let server = Running::start(async |request: Request| Response::new(request.into_body()));
    for _ in 0..10 {
        goes_on(ask(&server, "/"));
    }
    server.stop();
}

#[test]
fn a_client_whose_body_nobody_reads_is_not_told_to_send_it() {
    let server = Running::start(async |_: Request| Response::new(Body::from("no")));
    let mut client = ask(&server, "/");
    let reply = client.reply(false);
    assert_eq!((reply.status, reply.text()), (200, "no"));
    server.stop();
}
