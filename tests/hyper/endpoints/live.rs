//! Endpoints that come and go while the server serves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use transom::features::{ServerAddresses, ServerStatistics};
use transom::hyper::{Endpoint, LiveEndpoints, Protocols};
use transom::{
    Application, Body, BoundServer, Error, HyperServer, Request, Response, Server, Shutdown,
};

use crate::support::{Client, Running, eventually, says, within};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// A server of one endpoint, `one`, and what changes it.
async fn start<A: Application>(app: A) -> (Running, LiveEndpoints, ServerAddresses) {
    start_with(HyperServer::default().with_endpoint(named("one")), app).await
}

async fn start_with<A: Application>(
    server: HyperServer,
    app: A,
) -> (Running, LiveEndpoints, ServerAddresses) {
    let bound = server.bind().await.unwrap();
    let features = bound.features();
    let addresses = features.require::<ServerAddresses>().unwrap().clone();
    let live = features.require::<LiveEndpoints>().unwrap().clone();
    let statistics = features.require::<ServerStatistics>().unwrap().clone();
    let (trigger, shutdown) = Shutdown::pair();
    let running = Running {
        address: addresses.bound()[0].connect_addr().unwrap(),
        statistics,
        trigger,
        serving: tokio::spawn(bound.serve(app, shutdown)),
    };
    (running, live, addresses)
}

fn named(name: &str) -> Endpoint {
    Endpoint::new("http://127.0.0.1:0").with_name(name)
}

async fn connect(addresses: &ServerAddresses, at: usize) -> Client {
    let address = addresses.bound()[at].connect_addr().unwrap();
    Client(TcpStream::connect(address).await.unwrap())
}

/// Waits for a permit before it answers.
fn waits(gate: &Arc<Semaphore>) -> impl Application + use<> {
    let gate = Arc::clone(gate);
    move |_: Request| {
        let gate = Arc::clone(&gate);
        async move {
            gate.acquire().await.unwrap().forget();
            Response::new(Body::from("waited"))
        }
    }
}

#[tokio::test]
async fn one_that_is_added_serves_beside_the_others() {
    let (server, live, addresses) = start(says("done")).await;
    within(live.add(named("two"))).await.unwrap();
    assert_eq!(addresses.bound().len(), 2);
    for at in 0..2 {
        let mut client = connect(&addresses, at).await;
        client.send(GET).await;
        client.until("done").await;
    }
    server.stop().await;
}

#[tokio::test]
async fn one_that_is_removed_frees_its_address_at_once_and_answers_what_it_has_begun() {
    let gate = Arc::new(Semaphore::new(0));
    let (server, live, addresses) = start(waits(&gate)).await;
    within(live.add(named("two"))).await.unwrap();
    let mut other = connect(&addresses, 1).await;
    other.send(GET).await;
    let mut busy = server.connect().await;
    busy.send(GET).await;
    let mut idle = server.connect().await;
    eventually("both are at work", || server.statistics.requests() == 2).await;

    within(live.remove("one")).await.unwrap();
    assert_eq!(addresses.bound().len(), 1);
    std::net::TcpListener::bind(server.address).unwrap();
    assert_eq!(idle.rest().await, "", "an idle one is let go");
    gate.add_permits(2);
    let answer = busy.rest().await;
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(answer.ends_with("waited"), "{answer}");
    // The other endpoint has noticed nothing.
    let answer = other.until("waited").await;
    assert!(!answer.contains("connection: close"), "{answer}");
    gate.add_permits(1);
    other.send(GET).await;
    other.until("waited").await;
    server.stop().await;
}

#[tokio::test]
async fn connections_of_one_that_was_removed_are_aborted_after_five_seconds() {
    let gate = Arc::new(Semaphore::new(0));
    let (server, live, _) = start(waits(&gate)).await;
    let mut busy = server.connect().await;
    busy.send(GET).await;
    eventually("it is at work", || server.statistics.requests() == 1).await;
    let begun = Instant::now();
    within(live.remove("one")).await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "nobody waits for it"
    );
    assert_eq!(busy.rest().await, "");
    assert!(begun.elapsed() >= Duration::from_secs(5));
    server.stop().await;
}

#[tokio::test]
async fn one_in_the_place_of_another_takes_over_its_sockets() {
    let (server, live, addresses) = start(says("done")).await;
    let address = addresses.bound()[0].to_string();
    // Its place is the address as it was asked for, so that the port is kept.
    let mut before = server.connect().await;
    before.send(GET).await;
    before.until("done").await;
    let again = named("one").with_protocols(Protocols::HTTP2);
    within(live.change(vec!["one".into()], vec![again]))
        .await
        .unwrap();
    assert_eq!(addresses.bound()[0].to_string(), address);
    assert_eq!(before.rest().await, "", "it was of the old endpoint");
    let mut after = server.connect().await;
    after.send(GET).await;
    let answer = after.bytes_or_reset().await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        !answer.contains("done"),
        "it speaks HTTP/2 alone: {answer:?}"
    );
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_and_changes_nothing() {
    let (server, live, addresses) = start(says("done")).await;
    let before = addresses.bound();
    let is = |errors: Vec<Error>, text: &str| {
        assert_eq!(errors.len(), 1, "{errors:?}");
        let report = errors[0].report();
        assert!(report.contains(text), "{report}");
    };
    let wrong = Endpoint::new("127.0.0.1:0").with_name("one");
    let change = live.change(vec!["one".into()], vec![wrong]);
    is(
        within(change).await.unwrap_err(),
        "the endpoint `one`: `127.0.0.1:0` is not an address",
    );
    let change = live.change(vec!["two".into()], Vec::new());
    is(
        within(change).await.unwrap_err(),
        "there is no endpoint `two`",
    );
    let change = live.change(Vec::new(), vec![named("one")]);
    is(
        within(change).await.unwrap_err(),
        "there are two endpoints `one`",
    );
    let taken = Endpoint::new(before[0].to_string()).with_name("two");
    let change = live.change(Vec::new(), vec![taken]);
    is(
        within(change).await.unwrap_err(),
        "failed to bind to the endpoint `two`: failed to bind to",
    );

    assert_eq!(addresses.bound(), before);
    let mut client = server.connect().await;
    client.send(GET).await;
    client.until("done").await;
    server.stop().await;
    assert!(live.add(named("three")).await.unwrap_err().is_serve());
}

#[tokio::test]
async fn threads_change_their_endpoints_too() {
    let server = HyperServer::default()
        .with_endpoint(named("one"))
        .with_threads(2);
    let (server, live, addresses) = start_with(server, says("done")).await;
    within(live.add(named("two"))).await.unwrap();
    within(live.remove("one")).await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
    for _ in 0..8 {
        let mut client = connect(&addresses, 0).await;
        client.send(GET).await;
        client.until("done").await;
    }
    server.stop().await;
}
