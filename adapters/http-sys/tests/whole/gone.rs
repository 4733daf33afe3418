use std::sync::Arc;

use futures_util::stream;
use tokio::sync::Notify;
use tokio::time::timeout;
use transom::features::{RequestExt, RequestLifetime};
use transom::{Body, Request, Response};

use crate::support::{PATIENCE, Running};

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
    assert_eq!(server.statistics.requests(), 0);
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
