//! Clients that leave, and servers that stop.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use support::start;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use transom::features::{RequestExt, RequestLifetime, ServerAddresses};
use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
use transom_actix::ActixServer;
use transom_conformance::by_hand::{Client, DEADLINE, Serving, content, until, within};

#[tokio::test]
async fn a_client_that_closes_its_side_is_noticed_at_once_and_answered_all_the_same() {
    let serving = start(async |request: Request| {
        let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
        lifetime.disconnected().await;
        Response::new(Body::from("gone, but not forgotten"))
    })
    .await;
    let mut client = serving.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    until(|| serving.statistics.requests() == 1).await;
    client.finish().await;
    assert_eq!(content(&client.rest().await), "gone, but not forgotten");
    until(|| serving.statistics.connections() == 0).await;
    serving.stop().await;
}

#[tokio::test]
async fn a_client_that_breaks_the_connection_cancels_the_application() {
    struct Dropped(Arc<Notify>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let dropped = Arc::new(Notify::new());
    let notify = Arc::clone(&dropped);
    let serving = start(move |request: Request| {
        let dropped = Dropped(Arc::clone(&notify));
        async move {
            let _dropped = dropped;
            if request.uri().path() == "/body" {
                let pending = futures_util::stream::pending::<Result<&str, std::io::Error>>();
                return Response::new(Body::from_stream(pending));
            }
            std::future::pending().await
        }
    })
    .await;
    let mut client = serving.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    until(|| serving.statistics.requests() == 1).await;
    client.reset();
    within(dropped.notified()).await;
    until(|| serving.statistics.is_idle()).await;
    let mut client = serving.connect().await;
    client.send("GET /body HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.head().await;
    client.reset();
    until(|| serving.statistics.is_idle()).await;
    serving.stop().await;
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_waited_for_on_any_request_of_a_connection() {
    // The engine's clock ticks every half second; with less it would be out of patience at once.
    let timeout = Duration::from_millis(600);
    let server = ActixServer::new("http://127.0.0.1:0").with_request_head_timeout(timeout);
    let release = Arc::new(Notify::new());
    let released = Arc::clone(&release);
    let serving = Serving::start_on(server, move |request: Request| {
        let released = Arc::clone(&released);
        async move {
            if request.uri().path() == "/slow" {
                released.notified().await;
            }
            Response::new(Body::from("ok"))
        }
    })
    .await;
    let mut never = serving.connect().await;
    never.send("GET / HTTP/1.1\r\n").await;
    let mut client = serving.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.until("\r\n\r\nok").await;
    // Longer than the head may take: the time is the head's alone.
    client.send("GET /slow HTTP/1.1\r\nhost").await;
    client.send(": a\r\n\r\n").await;
    let early = tokio::time::timeout(timeout, client.0.peek(&mut [0])).await;
    assert!(early.is_err());
    release.notify_one();
    client.until("\r\n\r\nok").await;
    client.send("GET / HTTP/1.1\r\n").await;
    assert_eq!(client.rest().await, "");
    assert!(never.rest().await.starts_with("HTTP/1.1 408"));
    serving.stop().await;
}

#[tokio::test]
async fn a_connection_in_use_may_grow_older_than_a_head_and_is_closed_when_it_is_idle() {
    let timeout = Duration::from_millis(600);
    let server = ActixServer::new("http://127.0.0.1:0")
        .with_request_head_timeout(timeout)
        .with_keep_alive_timeout(Duration::from_secs(1));
    let app = async |_: Request| Response::new(Body::from("ok"));
    let serving = Serving::start_on(server, app).await;
    let mut client = serving.connect().await;
    let begun = Instant::now();
    while begun.elapsed() < timeout * 3 {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        client.until("\r\n\r\nok").await;
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    let idle = Instant::now();
    assert_eq!(client.rest().await, "");
    assert!(idle.elapsed() > Duration::from_millis(800));
    serving.stop().await;
}

#[tokio::test]
async fn a_connection_whose_requests_were_refused_is_closed_when_it_is_idle() {
    let server =
        ActixServer::new("http://127.0.0.1:0").with_keep_alive_timeout(Duration::from_secs(1));
    let app = async |_: Request| Response::new(Body::from("ok"));
    let serving = Serving::start_on(server, app).await;
    let mut client = serving.connect().await;
    client.send("GET / HTTP/1.1\r\n\r\n").await;
    assert!(client.rest().await.starts_with("HTTP/1.1 400"));
    serving.stop().await;
}

#[tokio::test]
async fn a_stop_answers_what_was_begun_closes_what_is_idle_and_refuses_the_rest() {
    let release = Arc::new(Notify::new());
    let released = Arc::clone(&release);
    let serving = start(move |request: Request| {
        let released = Arc::clone(&released);
        async move {
            if request.uri().path() == "/slow" {
                released.notified().await;
            }
            Response::new(Body::from("answered"))
        }
    })
    .await;
    // Once idle: an engine that counts may believe for ever that it is.
    let first = serving
        .exchange("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!(content(&first), "answered");
    until(|| serving.statistics.connections() == 0).await;

    let mut idle = serving.connect().await;
    idle.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    idle.head().await;
    assert_eq!(idle.exactly(8).await, "answered");
    let mut fresh = serving.connect().await;
    let mut busy = serving.connect().await;
    busy.send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
    until(|| serving.statistics.requests() == 1 && serving.statistics.connections() == 3).await;

    serving.trigger.request();
    assert_eq!(idle.rest().await, "");
    assert_eq!(fresh.rest().await, "");
    within(async {
        while TcpStream::connect(serving.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    assert!(!serving.serve.is_finished());

    let before = Instant::now();
    release.notify_one();
    let response = busy.rest().await;
    assert!(response.contains("connection: close\r\n"), "{response}");
    assert_eq!(content(&response), "answered");
    within(serving.serve).await.unwrap().unwrap();
    assert!(
        before.elapsed() < Duration::from_millis(900),
        "the engine's own count has the grain of a second"
    );
}

#[tokio::test]
async fn a_stop_waits_for_a_body_to_its_last_byte() {
    let release = Arc::new(Notify::new());
    let released = Arc::clone(&release);
    let serving = start(move |_: Request| {
        let released = Arc::clone(&released);
        async move {
            let rest = futures_util::stream::once(async move {
                released.notified().await;
                Ok::<_, std::io::Error>(vec![b'x'; 4 << 20])
            });
            Response::new(Body::from_stream(rest))
        }
    })
    .await;
    let mut client = serving.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.head().await;
    serving.trigger.request();
    release.notify_one();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let body = client.rest().await;
    assert!(body.ends_with("\r\n0\r\n\r\n"));
    assert!(body.len() > 4 << 20);
    within(serving.serve).await.unwrap().unwrap();
}

#[tokio::test]
async fn dropping_serve_aborts_everything_frees_the_address_and_ends_the_threads() {
    for draining in [false, true] {
        drop_serve(draining).await;
    }
}

async fn drop_serve(draining: bool) {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::AcqRel);
        }
    }
    let alive = Arc::new(AtomicUsize::new(1));
    let owned = Counted(Arc::clone(&alive));
    let serving = start(move |_: Request| {
        // Held by the application, which every worker thread has a handle of.
        let _ = &owned;
        async { std::future::pending().await }
    })
    .await;
    let mut client = serving.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    until(|| serving.statistics.requests() == 1).await;
    if draining {
        serving.trigger.request();
        within(async { while TcpStream::connect(serving.address).await.is_ok() {} }).await;
    }
    let before = Instant::now();
    serving.serve.abort();
    assert!(within(serving.serve).await.unwrap_err().is_cancelled());
    assert!(before.elapsed() < Duration::from_millis(900));
    assert_eq!(alive.load(Ordering::Acquire), 0, "the application lives on");
    assert!(serving.statistics.is_idle());
    assert_eq!(serving.statistics.connections(), 0);
    assert_eq!(client.rest().await, "");
    TcpListener::bind(serving.address).await.unwrap();
}

#[tokio::test]
async fn a_thread_that_is_blocked_does_not_hold_a_drop_up_and_calls_nobody_afterwards() {
    struct Owned(Arc<AtomicUsize>);
    impl Drop for Owned {
        fn drop(&mut self) {
            self.0.store(0, Ordering::Release);
        }
    }
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let (calls, alive) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
    let (called, owned) = (Arc::clone(&calls), Owned(Arc::clone(&alive)));
    let server = ActixServer::new("http://127.0.0.1:0").with_workers(1);
    let serving = Serving::start_on(server, move |_: Request| {
        let _ = &owned;
        if called.fetch_add(1, Ordering::AcqRel) == 8 {
            let _ = released.lock().unwrap().recv_timeout(DEADLINE);
        }
        async { Response::new(Body::empty()) }
    })
    .await;
    let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut others = Vec::new();
    for _ in 0..8 {
        let mut other = serving.connect().await;
        other.send(request).await;
        other.head().await;
        others.push(other);
    }
    let mut blocked = serving.connect().await;
    // The second is answered in the same turn of the thread as the first, before it hears of the end.
    blocked.send(request.repeat(2)).await;
    until(|| calls.load(Ordering::Acquire) == 9).await;
    for other in &mut others {
        other.send(request).await;
    }
    serving.serve.abort();
    assert!(within(serving.serve).await.unwrap_err().is_cancelled());
    assert_eq!(alive.load(Ordering::Acquire), 1, "the thread is blocked");
    release.send(()).unwrap();
    drop(release);
    until(|| alive.load(Ordering::Acquire) == 0).await;
    assert_eq!(calls.load(Ordering::Acquire), 9);
}

#[tokio::test]
async fn nothing_is_served_before_serve_and_dropping_a_bound_server_frees_its_address() {
    let bound = ActixServer::new("http://127.0.0.1:0").bind().await.unwrap();
    let addresses = bound.features().require::<ServerAddresses>().unwrap();
    let address = addresses.bound()[0].connect_addr().unwrap();
    let mut client = Client(within(TcpStream::connect(address)).await.unwrap());
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    let early = tokio::time::timeout(Duration::from_millis(50), client.0.readable()).await;
    assert!(early.is_err(), "it was answered before `serve`");
    let app = async |_: Request| Response::new(Body::from("now"));
    let serve = tokio::spawn(bound.serve(app, Shutdown::never()));
    assert_eq!(content(&client.rest().await), "now");
    serve.abort();
    let _ = within(serve).await;

    let bound = ActixServer::new(&format!("http://{address}"))
        .bind()
        .await
        .unwrap();
    drop(bound);
    TcpListener::bind(address).await.unwrap();
}

#[tokio::test]
async fn every_address_is_served_on_a_runtime_of_one_thread() {
    let server = ActixServer::default();
    let bound = server.bind().await;
    drop(bound); // the default address may be taken here; it is not what this is about
    let mut server = ActixServer::new("http://127.0.0.1:0;http://127.0.0.1:0").with_workers(1);
    server.requested_addresses().unwrap().add("http://[::1]:0");
    let bound = server
        .with_configure(|builder| builder.max_concurrent_connections(7))
        .bind()
        .await
        .unwrap();
    let addresses = bound.features().require::<ServerAddresses>().unwrap();
    let addresses = addresses.bound();
    assert_eq!(addresses.len(), 3);
    let (trigger, shutdown) = Shutdown::pair();
    let app = async |_: Request| Response::new(Body::from("here"));
    let serve = tokio::spawn(bound.serve(app, shutdown));
    for address in addresses {
        let address = address.connect_addr().unwrap();
        let mut client = Client(within(TcpStream::connect(address)).await.unwrap());
        client
            .send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await;
        assert_eq!(content(&client.rest().await), "here");
    }
    trigger.request();
    within(serve).await.unwrap().unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_served_and_its_file_removed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use transom::features::{ConnectionInfo, Transport};

    let path = std::env::temp_dir().join(format!("transom-actix-{}.sock", std::process::id()));
    let server = ActixServer::new(&format!("http://unix:{}", path.display()));
    let bound = server.bind().await.unwrap();
    let (trigger, shutdown) = Shutdown::pair();
    let app = async |request: Request| {
        let info = request.feature::<ConnectionInfo>().unwrap();
        assert_eq!(info.transport(), Transport::Unix);
        Response::new(Body::from(info.local().unwrap().to_string()))
    };
    let serve = tokio::spawn(bound.serve(app, shutdown));
    let mut client = within(tokio::net::UnixStream::connect(&path))
        .await
        .unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    within(client.write_all(request)).await.unwrap();
    let mut response = String::new();
    within(client.read_to_string(&mut response)).await.unwrap();
    assert_eq!(content(&response), format!("unix:{}", path.display()));
    trigger.request();
    within(serve).await.unwrap().unwrap();
    assert!(!path.exists());
}
