//! Middleware over the bytes of a connection.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use futures_util::io::{AsyncRead, AsyncWrite};
use transom::features::ConnectionInfo;
use transom::hyper::Endpoint;
use transom::hyper::middleware::{ByteStream, ConnectionLayer, ConnectionLogging};
use transom::{Body, HyperServer, Request, Response};

use crate::support::{says, start_with};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// Adds a number to each byte that is sent, and takes it off each that is received.
#[derive(Clone)]
struct Shift(u8, Arc<Mutex<Vec<u8>>>);

struct Shifted(ByteStream, u8);

impl ConnectionLayer for Shift {
    async fn wrap(&self, stream: ByteStream, info: &ConnectionInfo) -> io::Result<ByteStream> {
        assert!(info.remote().is_some());
        self.1.lock().unwrap().push(self.0);
        Ok(ByteStream::new(Shifted(stream, self.0)))
    }
}

impl AsyncRead for Shifted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let by = self.1;
        let read = ready!(Pin::new(&mut self.0).poll_read(cx, buffer))?;
        for byte in &mut buffer[..read] {
            *byte = byte.wrapping_sub(by);
        }
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for Shifted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let shifted: Vec<_> = bytes.iter().map(|byte| byte.wrapping_add(self.1)).collect();
        Pin::new(&mut self.0).poll_write(cx, &shifted)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

fn shift(text: &[u8], by: u8) -> Vec<u8> {
    text.iter().map(|byte| byte.wrapping_add(by)).collect()
}

fn endpoint() -> Endpoint {
    Endpoint::new("http://127.0.0.1:0")
}

#[tokio::test]
async fn layers_change_the_bytes_from_the_wire_up() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let layer = |by| Shift(by, Arc::clone(&order));
    let endpoint = endpoint()
        .with_connection_layer(layer(3))
        .with_connection_layer(layer(4))
        .with_wire_layer(layer(1))
        .with_wire_layer(layer(2));
    let server = HyperServer::default().with_endpoint(endpoint);
    let app = |request: Request| async move {
        let body = request.into_body().collect(1 << 20).await.unwrap();
        Response::new(Body::from(body))
    };
    let server = start_with(server, app).await;
    let body = "x".repeat(300_000);
    let request = format!(
        "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 300000\r\n\r\n{body}"
    );
    let mut client = server.connect().await;
    client.send(shift(request.as_bytes(), 10)).await;
    let answer = client.bytes().await;
    let answer = String::from_utf8(shift(&answer, 246)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer:.40}");
    assert!(answer.ends_with(&body));
    assert_eq!(*order.lock().unwrap(), [1, 2, 3, 4]);
    server.stop().await;
}

/// Refuses everybody.
struct Refuses;

impl ConnectionLayer for Refuses {
    async fn wrap(&self, _: ByteStream, _: &ConnectionInfo) -> io::Result<ByteStream> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

#[tokio::test]
async fn a_layer_may_refuse_a_connection() {
    let server = HyperServer::default().with_endpoint(endpoint().with_connection_layer(Refuses));
    let server = start_with(server, says("never")).await;
    let mut client = server.connect().await;
    assert_eq!(client.rest().await, "");
    server.stop().await;
}

/// Never comes to an end.
struct Stalls;

impl ConnectionLayer for Stalls {
    async fn wrap(&self, _: ByteStream, _: &ConnectionInfo) -> io::Result<ByteStream> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_layer_that_stalls_has_the_time_of_the_first_head() {
    let limits = transom::hyper::Limits::default()
        .with_request_head_timeout(Some(std::time::Duration::from_millis(50)));
    let server = HyperServer::default()
        .with_endpoint(endpoint().with_wire_layer(Stalls))
        .with_limits(limits);
    let server = start_with(server, says("never")).await;
    let mut client = server.connect().await;
    assert_eq!(client.rest().await, "");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_goes_away_is_noticed_through_layers() {
    let gone = Arc::new(tokio::sync::Semaphore::new(0));
    let tell = Arc::clone(&gone);
    let app = move |_: Request| {
        let guard = OnDrop(Arc::clone(&tell));
        async move {
            std::future::pending::<()>().await;
            drop(guard);
            Response::new(Body::empty())
        }
    };
    let endpoint = endpoint().with_connection_layer(Shift(0, Arc::default()));
    let server = HyperServer::default().with_endpoint(endpoint);
    let server = start_with(server, app).await;
    let mut client = server.connect().await;
    client.send(GET).await;
    crate::support::eventually("it is in flight", || server.statistics.requests() == 1).await;
    client.reset();
    let _gone = crate::support::within(gone.acquire()).await.unwrap();
    server.stop().await;
}

struct OnDrop(Arc<tokio::sync::Semaphore>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_sent_is_logged_up_to_a_limit() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let logging = ConnectionLogging::default().with_max_bytes(20);
        let endpoint = endpoint().with_connection_layer(logging);
        let server = HyperServer::default().with_endpoint(endpoint);
        let server = start_with(server, says("done")).await;
        assert!(server.exchange(GET).await.ends_with("done"));
        server.stop().await;
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let line = "47 45 54 20 2F 20 48 54 54 50 2F 31 2E 31 0D 0A  GET / HTTP/1.1..";
    assert!(log.contains(line), "{log}");
    assert!(log.contains("transom::connection: read"), "{log}");
    assert!(log.contains("transom::connection: write"), "{log}");
    // As long as the preface of HTTP/2: these bytes tell the protocol, and are read alone.
    assert!(log.contains("bytes=24"), "{log}");
    assert!(
        !log.contains("connection: close.."),
        "it shows 20 bytes: {log}"
    );
}
