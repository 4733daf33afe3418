//! Over a real connection, where a client hangs up whenever it likes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use transom::features::{RequestExt, RequestLifetime};
use transom::{Body, Host, HyperServer, Request, RunningHost};
use transom_middleware::access_log::JsonFormat;

use super::Log;
use crate::support::run;

const PIECE: usize = 64 << 10;
const WHOLE: usize = 1_000 * PIECE;

async fn start(log: &Log) -> (RunningHost, String) {
    let layer = log.layer();
    let host = Host::builder(HyperServer::new("http://127.0.0.1:0")).configure(|app| {
        app.layer(layer).run_fn(|_| async {
            let piece = Bytes::from(vec![b'x'; PIECE]);
            let pieces = std::iter::repeat_n(piece, WHOLE / PIECE).map(Ok::<_, std::io::Error>);
            let response = http::Response::builder().header("content-length", WHOLE);
            response
                .body(Body::from_stream(stream::iter(pieces)))
                .unwrap()
        })
    });
    let host = host.start().await.unwrap();
    let port = host.addresses()[0].port().unwrap();
    (host, format!("127.0.0.1:{port}"))
}

/// Asks for the download, and reads so much of it.
async fn download(address: String, bytes: u64) {
    let client = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        stream
            .write_all(b"GET /download?a HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .unwrap();
        std::io::copy(&mut (&mut stream).take(bytes), &mut std::io::sink()).unwrap()
    });
    client.await.unwrap();
}

#[test]
fn a_download_that_is_broken_off_has_less_bytes_and_is_marked() {
    run(async {
        let log = Log::new(JsonFormat::new());
        let (host, address) = start(&log).await;
        download(address, 1 << 20).await;
        let line: serde_json::Value = serde_json::from_str(&log.wait().await).unwrap();
        assert_eq!(line["outcome"], "disconnected");
        assert_eq!(line["status"], 200);
        assert_eq!(line["target"], "/download?a");
        assert_eq!(line["client_ip"], "127.0.0.1");
        let bytes = line["bytes"].as_u64().unwrap();
        assert!((1 << 19..WHOLE as u64).contains(&bytes), "{bytes}");
        host.stop().await.unwrap();
        assert_eq!(log.lines().len(), 1);
    });
}

#[test]
fn a_client_that_closed_its_side_is_answered_and_counts_as_gone() {
    run(async {
        let log = Log::new(JsonFormat::new());
        let layer = log.layer();
        let host = Host::builder(HyperServer::new("http://127.0.0.1:0")).configure(|app| {
            app.layer(layer).run_fn(|request: Request| async move {
                let lifetime = request.feature::<RequestLifetime>().unwrap();
                lifetime.disconnected().await;
                "hello"
            })
        });
        let host = host.start().await.unwrap();
        let port = host.addresses()[0].port().unwrap();
        let client = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream
                .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
                .unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        assert!(client.await.unwrap().ends_with("hello"));
        let line: serde_json::Value = serde_json::from_str(&log.wait().await).unwrap();
        assert_eq!((&line["status"], &line["bytes"]), (&200.into(), &5.into()));
        assert_eq!(line["outcome"], "disconnected");
        host.stop().await.unwrap();
    });
}

#[test]
fn a_download_that_is_read_to_its_end_has_them_all() {
    run(async {
        let log = Log::new(JsonFormat::new());
        let (host, address) = start(&log).await;
        download(address, u64::MAX).await;
        let line: serde_json::Value = serde_json::from_str(&log.wait().await).unwrap();
        assert_eq!(line["outcome"], "complete");
        assert_eq!(line["bytes"], WHOLE);
        host.stop().await.unwrap();
        assert_eq!(log.lines().len(), 1);
    });
}
