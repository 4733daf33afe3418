use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::stream;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use transom::features::{RequestExt, RequestLifetime};
use transom::{Body, Request, Response};

use crate::support::{PATIENCE, Running, settled, until_so};

/// Notified when it is dropped.
struct Dropped(Arc<Notify>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[test]
fn a_client_that_goes_is_noticed_and_the_call_dropped() {
    let (begun, heard, dropped) = (
        Arc::new(Notify::new()),
        Arc::new(Notify::new()),
        Arc::new(Notify::new()),
    );
    let (says, hears, drops) = (Arc::clone(&begun), Arc::clone(&heard), Arc::clone(&dropped));
    let server = Running::start(move |request: Request| {
        let (says, hears) = (Arc::clone(&says), Arc::clone(&hears));
        let guard = Dropped(Arc::clone(&drops));
        async move {
            let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
            tokio::spawn(async move {
                lifetime.disconnected().await;
                hears.notify_one();
            });
            says.notify_one();
            std::future::pending::<()>().await;
            drop(guard);
            Response::default()
        }
    });
    let mut client = server.connect();
    client.send("GET", "/", "", b"");
    server.runtime.block_on(async {
        timeout(PATIENCE, begun.notified()).await.unwrap();
        drop(client);
        timeout(PATIENCE, heard.notified()).await.unwrap();
        timeout(PATIENCE, dropped.notified()).await.unwrap();
    });
    until_so("none is counted any more", || {
        server.statistics.requests() == 0
    });
    server.stop();
}

#[test]
fn a_connection_has_one_id_and_is_counted() {
    let server = Running::start(async |request: Request| {
        let info = request
            .feature::<transom::features::ConnectionInfo>()
            .unwrap();
        Response::new(Body::from(info.id().to_string()))
    });
    let mut client = server.connect();
    let first = client.ask("GET", "/", "", b"").text().to_owned();
    assert_eq!(client.ask("GET", "/", "", b"").text(), first);
    assert_ne!(server.get("/").text(), first);
    assert_eq!(server.statistics.total_connections(), 2);
    server.stop();
}

#[test]
fn an_application_hangs_up() {
    let server = Running::start(async |request: Request| {
        request.feature::<RequestLifetime>().unwrap().abort();
        Response::default()
    });
    let mut client = server.connect();
    client.send("GET", "/", "", b"");
    assert_eq!(client.rest(), b"");
    server.stop();
}

#[test]
fn a_response_that_breaks_off_is_not_made_to_look_whole() {
    let server = Running::start(async |_: Request| {
        let pieces = [Ok("some"), Err(std::io::Error::other("on purpose"))];
        Response::new(Body::from_stream(stream::iter(pieces)))
    });
    let mut client = server.connect();
    client.send("GET", "/", "", b"");
    let rest = String::from_utf8(client.rest()).unwrap();
    assert!(!rest.contains("\r\n0\r\n"), "{rest}");
    server.stop();
}

/// A body without an end, how much of it was asked for, and who is told when nobody wants it any more.
fn endless(asked: &Arc<AtomicU64>, dropped: &Arc<Notify>) -> Body {
    let (asked, guard) = (Arc::clone(asked), Dropped(Arc::clone(dropped)));
    Body::from_stream(stream::repeat_with(move || {
        let _held = &guard;
        asked.fetch_add(16 * 1024, Ordering::SeqCst);
        Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 16 * 1024]))
    }))
}

#[test]
fn a_client_that_goes_while_it_is_answered_is_noticed() {
    let (heard, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (hears, drops) = (Arc::clone(&heard), Arc::clone(&dropped));
    let asked = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&asked);
    let server = Running::start(move |request: Request| {
        let (hears, body) = (Arc::clone(&hears), endless(&counts, &drops));
        async move {
            let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
            tokio::spawn(async move {
                lifetime.disconnected().await;
                hears.notify_one();
            });
            Response::new(body)
        }
    });
    // One that reads, and one that has never done so.
    for reads in [true, false] {
        let mut client = server.connect();
        client.send("GET", "/", "", b"");
        asked.store(0, Ordering::SeqCst);
        if reads {
            client.until(b"xxxx");
        } else {
            settled(&asked);
        }
        drop(client);
        server.runtime.block_on(async {
            timeout(PATIENCE, heard.notified()).await.unwrap();
            timeout(PATIENCE, dropped.notified()).await.unwrap();
        });
        until_so("it is forgotten", || {
            server.statistics.requests() == 0 && server.statistics.connections() == 0
        });
    }
    server.stop();
}

#[test]
fn a_client_that_goes_within_its_body_is_no_end_of_that() {
    let (read, mut ended) = mpsc::unbounded_channel();
    let server = Running::start(move |request: Request| {
        let read = read.clone();
        // Of one's own, so that it outlives the call.
        let reading = tokio::spawn(async move {
            let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
            let whole = request.into_body().collect(1 << 20).await;
            lifetime.disconnected().await;
            read.send(whole.is_ok()).unwrap();
        });
        async move {
            reading.await.unwrap();
            Response::default()
        }
    });
    for (fields, part) in [
        ("Content-Length: 100000\r\n", "not all of it"),
        ("Transfer-Encoding: chunked\r\n", "5\r\nthis \r\n"),
        ("Transfer-Encoding: chunked\r\n", "5\r\nth"),
        ("Content-Length: 5\r\n", ""),
    ] {
        let mut client = server.connect();
        client.send("POST", "/", fields, b"");
        client.send_raw(part);
        until_so("it is called", || server.statistics.requests() == 1);
        drop(client);
        let whole = server
            .runtime
            .block_on(async { timeout(PATIENCE, ended.recv()).await });
        assert_eq!(whole.unwrap(), Some(false), "{fields}{part}");
        until_so("it is forgotten", || server.statistics.requests() == 0);
    }
    server.stop();
}

#[test]
fn an_application_hangs_up_on_a_client_that_does_not_read() {
    let (lifetimes, mut given) = mpsc::unbounded_channel();
    let (asked, dropped) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let (counts, drops) = (Arc::clone(&asked), Arc::clone(&dropped));
    let server = Running::start(move |request: Request| {
        let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
        lifetimes.send(lifetime).unwrap();
        let body = endless(&counts, &drops);
        async move { Response::new(body) }
    });
    let mut client = server.connect();
    client.send("GET", "/", "", b"");
    // The kernel has taken all that it takes.
    settled(&asked);
    server.runtime.block_on(async {
        let lifetime: RequestLifetime = given.recv().await.unwrap();
        lifetime.abort();
        timeout(PATIENCE, dropped.notified()).await.unwrap();
    });
    let rest = client.rest();
    assert!(!rest.ends_with(b"0\r\n\r\n"), "it was made to look whole");
    until_so("it is over", || server.statistics.requests() == 0);
    server.stop();
}
