//! A server on threads of its own.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use transom::{Body, BoundServer, HyperServer, Request, Response, Server, Shutdown};

use crate::support::{address, eventually, says, start_with, within};

fn server(threads: usize) -> HyperServer {
    HyperServer::new("http://127.0.0.1:0").with_threads(threads)
}

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn connections_are_spread_over_the_threads() {
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let seen_by_app = Arc::clone(&seen);
    let app = move |_: Request| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or_default().to_owned();
        seen_by_app.lock().unwrap().insert(name);
        async {
            // It stands on a runtime where it may wait, and spawn.
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            tokio::spawn(async {}).await.unwrap();
            Response::new(Body::from("done"))
        }
    };
    let server = start_with(server(2), app).await;
    for _ in 0..200 {
        assert!(server.exchange(GET).await.ends_with("done"));
        if seen.lock().unwrap().len() == 2 {
            break;
        }
    }
    let seen = seen.lock().unwrap().clone();
    let both: HashSet<String> = ["transom-0", "transom-1"].map(String::from).into();
    assert_eq!(seen, both);
    server.stop().await;
}

#[tokio::test]
async fn a_stop_waits_for_what_is_in_flight_on_every_thread() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let waits = Arc::clone(&gate);
    let app = move |_: Request| {
        let gate = Arc::clone(&waits);
        async move {
            gate.acquire().await.unwrap().forget();
            Response::new(Body::from("done"))
        }
    };
    let server = start_with(server(3), app).await;
    let mut clients = Vec::new();
    for _ in 0..12 {
        let mut client = server.connect().await;
        client.send(GET).await;
        clients.push(client);
    }
    eventually("all are in flight", || server.statistics.requests() == 12).await;
    server.trigger.request();
    gate.add_permits(12);
    for client in &mut clients {
        assert!(client.rest().await.ends_with("done"));
    }
    within(server.serving).await.unwrap().unwrap();
    assert_eq!(server.statistics.connections(), 0);
}

#[tokio::test]
async fn to_drop_it_ends_its_threads_and_frees_its_address() {
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let app = move |_: Request| {
        let held = Arc::clone(&held);
        async move {
            std::future::pending::<()>().await;
            drop(held);
            Response::new(Body::empty())
        }
    };
    let server = start_with(server(2), app).await;
    let mut client = server.connect().await;
    client.send(GET).await;
    eventually("it is in flight", || server.statistics.requests() == 1).await;
    server.serving.abort();
    assert!(within(server.serving).await.unwrap_err().is_cancelled());
    assert_eq!(
        Arc::strong_count(&alive),
        1,
        "nothing of the application is left"
    );
    std::net::TcpListener::bind(server.address).unwrap();
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_panic_of_the_application_costs_its_request_alone() {
    let app = |request: Request| async move {
        assert_ne!(request.uri().path(), "/panic");
        Response::new(Body::from("done"))
    };
    let server = start_with(server(1), app).await;
    let answer = server.exchange(GET.replace("/ ", "/panic ")).await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(server.exchange(GET).await.ends_with("done"));
    server.stop().await;
}

#[tokio::test]
async fn all_threads_have_the_port_that_was_chosen_once() {
    let bound = server(4).bind().await.unwrap();
    let address = address(&bound);
    let (trigger, shutdown) = Shutdown::pair();
    trigger.request();
    within(bound.serve(says("never"), shutdown)).await.unwrap();
    std::net::TcpListener::bind(address).unwrap();

    let error = server(0).bind().await.unwrap_err();
    assert!(error.is_configuration());
}
