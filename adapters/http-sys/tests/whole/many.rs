//! Many clients, and many servers.

use std::sync::Arc;
use std::thread;

use tokio::sync::Barrier;
use transom::{Body, Request, Response};
use transom_http_sys::HttpSysServer;

use crate::support::{Running, until_so};

#[test]
fn as_many_are_answered_at_a_time_as_ask_whatever_is_waited_for() {
    const CLIENTS: usize = 48;
    let together = Arc::new(Barrier::new(CLIENTS));
    let server = HttpSysServer::new("http://127.0.0.1:0").with_accepts(1);
    let server = Running::of(server, move |request: Request| {
        let together = Arc::clone(&together);
        async move {
            // None is answered before all are asked.
            together.wait().await;
            Response::new(Body::from(request.uri().path().to_owned()))
        }
    });
    for _ in 0..3 {
        thread::scope(|scope| {
            for index in 0..CLIENTS {
                let mut client = server.connect();
                scope.spawn(move || {
                    let path = format!("/{index}");
                    assert_eq!(client.ask("GET", &path, "", b"").text(), path);
                });
            }
        });
    }
    assert_eq!(server.statistics.total_requests(), 3 * CLIENTS as u64);
    server.stop();
}

#[test]
fn the_end_of_one_server_is_nothing_to_another() {
    let start = || {
        Running::start(async |request: Request| {
            if request.uri().path() == "/never" {
                std::future::pending::<()>().await;
            }
            Response::new(request.into_body())
        })
    };
    let other = start();
    let mut client = other.connect();
    for round in 0..10 {
        let server = start();
        let mut never = server.connect();
        never.send("GET", "/never", "", b"");
        until_so("it is called", || server.statistics.requests() == 1);
        client.send("POST", "/", "Content-Length: 10\r\n", b"");
        client.send_raw("12345");
        server.serving.abort();
        assert!(!never.rest().starts_with(b"HTTP/1.1 2"), "{round}");
        client.send_raw("67890");
        assert_eq!(client.reply(false).text(), "1234567890");
        assert_eq!(other.connect().ask("POST", "/", "", b"new").text(), "new");
    }
    other.stop();
}
