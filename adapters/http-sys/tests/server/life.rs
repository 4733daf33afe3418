use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::Notify;
use transom::features::{RequestExt, ServerLifetime};
use transom::{Body, BoundServer, Error, Request, Response, Server, Shutdown};
use transom_http_sys::{HttpSysServer, Timeouts};

use crate::support::{PATIENCE, Running};

async fn hello(_: Request) -> Response {
    Response::new(Body::from("hello"))
}

fn bind_error(server: HttpSysServer) -> Error {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(server.bind()).unwrap_err()
}

#[test]
fn a_prefix_in_use_is_an_error_that_names_it() {
    let server = Running::start(hello);
    let taken = server.addresses.bound()[0].to_string();
    let error = bind_error(HttpSysServer::new(&taken));
    assert!(error.is_bind(), "{error:?}");
    assert_eq!(error.to_string(), format!("failed to bind to {taken}/"));
    let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(cause.kind(), io::ErrorKind::AddrInUse);
    assert!(cause.to_string().contains("registered already"), "{cause}");
    server.stop();
}

#[test]
fn what_cannot_be_bound_says_what_would_be_right() {
    for (server, says) in [
        (HttpSysServer::new("ftp://a"), "`ftp` is not known"),
        (
            HttpSysServer::default().with_url_prefix("http://:80"),
            "lacks a host",
        ),
        (
            HttpSysServer::new("http://unix:/run/a"),
            "HTTP.sys has TCP alone",
        ),
        (
            HttpSysServer::default()
                .with_url_prefix("http://+:8099/a")
                .with_url_prefix("http://+:8099/A/"),
            "`http://+:8099/A/` is there twice",
        ),
    ] {
        let error = bind_error(server);
        assert!(error.is_configuration(), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn options_that_the_system_lacks_are_an_error_and_the_others_hold() {
    let timeouts = Timeouts::new().with_idle_connection(Duration::from_secs(30));
    let server = HttpSysServer::new("http://127.0.0.1:0").with_timeouts(timeouts);
    let runtime = Runtime::new().unwrap();
    // Windows has them, Wine has not.
    match runtime.block_on(server.bind()) {
        Ok(bound) => drop(bound),
        Err(error) => {
            assert!(error.is_configuration());
            assert_eq!(
                error.to_string(),
                "the HTTP.sys of this system has no timeouts"
            );
        }
    }
}

#[test]
fn a_server_that_has_prefixes_takes_no_others() {
    let mut own = HttpSysServer::default().with_url_prefix("http://+:80/");
    assert!(own.requested_addresses().is_none());
    let mut none = HttpSysServer::default();
    assert!(none.requested_addresses().unwrap().is_empty());
}

#[test]
fn it_stops_before_it_was_ever_asked() {
    Running::start(hello).stop();
}

#[test]
fn it_stops_at_once_when_it_was_idle_once() {
    let server = Running::start(hello);
    let mut client = server.connect();
    assert_eq!(client.ask("GET", "/", "", b"").status, 200);
    let since = Instant::now();
    server.stop();
    assert!(since.elapsed() < PATIENCE / 2);
}

#[test]
fn a_stop_waits_for_what_was_begun() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (says, waits) = (Arc::clone(&begun), Arc::clone(&go_on));
    let server = Running::start(move |request: Request| {
        let (says, waits) = (Arc::clone(&says), Arc::clone(&waits));
        async move {
            says.notify_one();
            waits.notified().await;
            let stopping = request.feature::<ServerLifetime>().unwrap().is_stopping();
            Response::new(Body::from(format!("stopping: {stopping}")))
        }
    });
    let mut client = server.connect();
    client.send("GET", "/", "", b"");
    server.runtime.block_on(begun.notified());
    server.trigger.request();
    std::thread::sleep(Duration::from_millis(50));
    assert!(!server.serving.is_finished());
    go_on.notify_one();
    let reply = client.reply(false);
    assert_eq!(reply.text(), "stopping: true");
    assert_eq!(reply.fields("connection"), ["close"]);
    server.ended();
}

#[test]
fn dropping_it_ends_what_was_begun_and_frees_the_prefix() {
    struct Ended(Arc<AtomicBool>);
    impl Drop for Ended {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let ended = Arc::new(AtomicBool::new(false));
    let begun = Arc::new(Notify::new());
    let (sets, says) = (Arc::clone(&ended), Arc::clone(&begun));
    let server = Running::start(move |_: Request| {
        let (guard, says) = (Ended(Arc::clone(&sets)), Arc::clone(&says));
        async move {
            says.notify_one();
            std::future::pending::<()>().await;
            drop(guard);
            Response::default()
        }
    });
    let address = server.addresses.bound()[0].to_string();
    let mut client = server.connect();
    client.send("GET", "/", "", b"");
    let Running {
        runtime, serving, ..
    } = server;
    runtime.block_on(async {
        tokio::time::timeout(PATIENCE, begun.notified())
            .await
            .unwrap();
        serving.abort();
        assert!(serving.await.unwrap_err().is_cancelled());
    });
    let since = Instant::now();
    while !ended.load(Ordering::SeqCst) {
        assert!(since.elapsed() < PATIENCE, "the application goes on");
        std::thread::yield_now();
    }
    let bound = runtime
        .block_on(HttpSysServer::new(&address).bind())
        .unwrap();
    drop(bound);
}

#[test]
fn a_server_that_is_dropped_before_it_serves_frees_its_prefix() {
    let runtime = Runtime::new().unwrap();
    let bound = runtime
        .block_on(HttpSysServer::new("http://127.0.0.1:0").bind())
        .unwrap();
    let features = bound.features().clone();
    let addresses = features
        .get::<transom::features::ServerAddresses>()
        .unwrap();
    let address = addresses.bound()[0].to_string();
    drop(bound);
    for _ in 0..5 {
        let again = runtime
            .block_on(HttpSysServer::new(&address).bind())
            .unwrap();
        let (trigger, shutdown) = Shutdown::pair();
        trigger.request();
        let serving = again.serve(hello, shutdown);
        let ended = runtime.block_on(async { tokio::time::timeout(PATIENCE, serving).await });
        ended.unwrap().unwrap();
    }
}
