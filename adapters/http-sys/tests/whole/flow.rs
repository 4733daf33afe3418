//! Bodies that are longer than any buffer.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt;
use tokio::net::TcpSocket;
use tokio::sync::Notify;
use transom::{Body, Request, Response};
use transom_http_sys::HttpSysServer;

use crate::support::{Client, Running, settled};

const MEGABYTE: u64 = 1 << 20;
/// What the sockets of both sides, the kernel and the adapter may hold together.
const HELD: u64 = 16 * MEGABYTE;

fn content(length: u64) -> Vec<u8> {
    (0..length).map(|index| (index / 251) as u8).collect()
}

#[test]
fn a_chunked_request_is_sent_back_while_it_comes() {
    let server = Running::start(async |request: Request| Response::new(request.into_body()));
    let mut client = server.connect();
    let host = server.address();
    client.send_raw(&format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    ));
    client.send_raw("5\r\nfirst\r\n");
    client.until(b"\r\nfirst\r\n");
    let body = content(3 * MEGABYTE);
    let mut stream = client.stream();
    let reply = thread::scope(|scope| {
        scope.spawn(|| {
            // Chunks of all sizes, and cut where they are not.
            let mut wire = Vec::new();
            let (mut rest, mut size) = (&body[..], 1);
            while !rest.is_empty() {
                let (chunk, others) = rest.split_at(size.min(rest.len()));
                wire.extend(format!("{:x};note=1\r\n", chunk.len()).into_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
                (rest, size) = (others, size * 3 % 70_001 + 1);
            }
            wire.extend_from_slice(b"0\r\nX-Trailer: 1\r\n\r\n");
            for piece in wire.chunks(12_345) {
                stream.write_all(piece).unwrap();
            }
        });
        client.reply(false)
    });
    assert_eq!(reply.fields("transfer-encoding"), ["chunked"]);
    assert_eq!(reply.content[..5], b"first"[..]);
    assert!(reply.content[5..] == body, "{}", reply.content.len());
    assert_eq!(client.ask("POST", "/", "", b"again").text(), "again");
    server.stop();
}

/// Pieces of a body, and how many bytes of it were asked for.
fn counted(pieces: u64, asked: &Arc<AtomicU64>) -> Body {
    let asked = Arc::clone(asked);
    Body::from_stream(stream::iter((0..pieces).map(move |index| {
        asked.fetch_add(64 * 1024, Ordering::SeqCst);
        Ok::<_, std::io::Error>(Bytes::from(vec![index as u8; 64 * 1024]))
    })))
}

/// Connects with a small buffer, so that little is on its way.
fn narrow(server: &Running) -> std::net::TcpStream {
    let connecting = async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(32 * 1024).unwrap();
        socket.connect(server.address()).await.unwrap()
    };
    let stream = server.runtime.block_on(connecting).into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
        .set_read_timeout(Some(crate::support::PATIENCE))
        .unwrap();
    stream
}

#[test]
fn an_application_is_held_back_by_a_client_that_reads_slowly() {
    const PIECES: u64 = 20 * MEGABYTE / (64 * 1024);
    let asked = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&asked);
    let server = Running::start(move |_: Request| {
        let body = counted(PIECES, &counts);
        async move { Response::new(body) }
    });
    let mut stream = narrow(&server);
    let host = server.address();
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let first = settled(&asked);
    assert!(first < HELD, "{first} bytes were asked for, and none read");
    // A little is read, and a little more is asked for.
    let mut received = vec![0; MEGABYTE as usize];
    stream.read_exact(&mut received).unwrap();
    let second = settled(&asked);
    assert!(second < first + 2 * MEGABYTE, "{first}, then {second}");

    let mut client = Client::of(stream, host, received);
    let reply = client.reply(false);
    assert_eq!(reply.content.len() as u64, 20 * MEGABYTE);
    for (index, piece) in reply.content.chunks(64 * 1024).enumerate() {
        assert!(piece.iter().all(|byte| *byte == index as u8), "{index}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 20 * MEGABYTE);
    server.stop();
}

#[test]
fn a_client_is_held_back_by_an_application_that_reads_slowly() {
    const LENGTH: u64 = 24 * MEGABYTE;
    let go_on = Arc::new(Notify::new());
    let waits = Arc::clone(&go_on);
    let server = HttpSysServer::new("http://127.0.0.1:0").with_max_request_body_size(None);
    let server = Running::of(server, move |request: Request| {
        let waits = Arc::clone(&waits);
        async move {
            let mut body = request.into_body();
            let mut read = body
                .frame()
                .await
                .unwrap()
                .unwrap()
                .into_data()
                .unwrap()
                .len();
            waits.notified().await;
            while let Some(frame) = body.frame().await {
                read += frame.unwrap().into_data().unwrap().len();
            }
            Response::new(Body::from(read.to_string()))
        }
    });
    let mut client = server.connect();
    let host = server.address();
    client.send_raw(&format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {LENGTH}\r\n\r\n"
    ));
    let sent = Arc::new(AtomicU64::new(0));
    let (counts, mut stream) = (Arc::clone(&sent), client.stream());
    let sending = thread::spawn(move || {
        let piece = vec![7; 64 * 1024];
        for _ in 0..LENGTH / (64 * 1024) {
            stream.write_all(&piece).unwrap();
            counts.fetch_add(64 * 1024, Ordering::SeqCst);
        }
    });
    let taken = settled(&sent);
    assert!(taken < HELD, "{taken} bytes were taken, and none read");
    go_on.notify_one();
    assert_eq!(client.reply(false).text(), LENGTH.to_string());
    sending.join().unwrap();
    server.stop();
}
