use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use transom::{Body, Request, Response};
use transom_http_sys::HttpSysServer;

use crate::support::{Client, Running};

#[test]
fn many_requests_follow_one_another_on_a_connection() {
    let server = Running::start(async |request: Request| {
        let path = request.uri().path().to_owned();
        Response::new(Body::from(path))
    });
    let mut client = server.connect();
    for index in 0..200 {
        let path = format!("/{index}");
        assert_eq!(client.ask("GET", &path, "", b"").text(), path);
    }
    assert_eq!(server.statistics.total_requests(), 200);
    server.stop();
}

#[test]
fn thirty_two_clients_are_answered_at_a_time() {
    const CLIENTS: usize = 32;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, highest) = (Arc::clone(&now), Arc::clone(&most));
    let app = move |request: Request| {
        let (now, most) = (Arc::clone(&counted), Arc::clone(&highest));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Response::new(Body::from(request.uri().path().to_owned()))
        }
    };
    // As many receives as clients, and more: a driver may look at one connection for each.
    let server = HttpSysServer::new("http://127.0.0.1:0").with_accepts(2 * CLIENTS);
    let server = Running::of(server, app);
    let address = server.address();
    let together = Arc::new(Barrier::new(CLIENTS));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|index| {
            let together = Arc::clone(&together);
            thread::spawn(move || {
                let mut client = Client::to(address);
                together.wait();
                let path = format!("/{index}");
                let reply = client.ask("GET", &path, "", b"");
                assert_eq!((reply.status, reply.text()), (200, &*path));
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(now.load(Ordering::SeqCst), 0);
    assert!(most.load(Ordering::SeqCst) > 1);
    server.stop();
}
