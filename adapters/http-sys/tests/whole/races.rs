//! Ends that meet beginnings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use http_body_util::BodyExt;
use transom::{Body, Request, Response};

use crate::support::{Client, Running, until_so};

#[test]
fn servers_stop_at_any_moment() {
    for round in 0..20 {
        let server = Running::start(async |request: Request| match request.uri().path() {
            "/echo" => Response::new(request.into_body()),
            _ => Response::new(Body::from("hello")),
        });
        let address = server.address();
        let clients: Vec<_> = (0..4)
            .map(|_| {
                // The server may be gone before they have asked.
                thread::spawn(move || Client::hasty(address, "/echo", &[b'x'; 20_000]))
            })
            .collect();
        thread::sleep(Duration::from_micros(round * 400));
        match round % 2 {
            0 => server.stop(),
            _ => {
                server.serving.abort();
                let ended = server.runtime.block_on(server.serving);
                assert!(ended.is_err_and(|error| error.is_cancelled()));
            }
        }
        for client in clients {
            client.join().unwrap();
        }
    }
}

#[test]
fn clients_go_at_any_moment() {
    let server = Running::start(async |request: Request| Response::new(request.into_body()));
    let address = server.address();
    for round in 0..40 {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                thread::spawn(move || {
                    let mut client = Client::to(address);
                    let fields = "Content-Length: 900000\r\n";
                    client.send("POST", "/", fields, b"");
                    thread::sleep(Duration::from_micros(round * 100));
                })
            })
            .collect();
        for client in clients {
            client.join().unwrap();
        }
    }
    until_so("nothing is in flight", || server.statistics.requests() == 0);
    until_so("no connection is left", || {
        server.statistics.connections() == 0
    });
    assert_eq!(
        server.connect().ask("POST", "/", "", b"still").text(),
        "still"
    );
    server.stop();
}

#[test]
fn a_read_that_is_given_up_harms_nobody() {
    let server = Running::start(async |request: Request| {
        let mut body = request.into_body();
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        // It is waited for, and then not any more.
        let _ = tokio::time::timeout(Duration::from_millis(1), body.frame()).await;
        drop(body);
        Response::new(Body::from(first.len().min(1).to_string()))
    });
    let done = Arc::new(AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..4 {
            let mut client = server.connect();
            let done = Arc::clone(&done);
            scope.spawn(move || {
                for _ in 0..25 {
                    client.send("POST", "/", "Content-Length: 10\r\n", b"");
                    client.send_raw("12345");
                    client.until(b"\r\n\r\n");
                    client.send_raw("67890");
                    assert_eq!(client.reply(false).text(), "1");
                }
                done.store(true, Ordering::SeqCst);
            });
        }
    });
    assert!(done.load(Ordering::SeqCst));
    assert_eq!(server.statistics.total_requests(), 100);
    server.stop();
}
