use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::{Notify, mpsc};
use transom::features::ResponseTrailers;
use transom::{Body, Request, RequestExt, Response};

use crate::support::Running;

const MEGABYTE: usize = 1 << 20;

/// A body of these frames, whose length nobody knows.
fn frames(frames: Vec<Frame<Bytes>>) -> Body {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    for frame in frames {
        sender.send(frame).unwrap();
    }
    Body::new(StreamBody::new(futures_util::stream::poll_fn(move |cx| {
        receiver
            .poll_recv(cx)
            .map(|frame| frame.map(Ok::<_, std::io::Error>))
    })))
}

fn data(text: &'static str) -> Frame<Bytes> {
    Frame::data(text.into())
}

#[test]
fn a_response_in_pieces_is_chunked() {
    let server = Running::start(async |_: Request| {
        Response::new(frames(vec![data("one "), data(""), data("two")]))
    });
    let mut client = server.connect();
    for _ in 0..3 {
        let reply = client.ask("GET", "/", "", b"");
        assert_eq!(reply.fields("transfer-encoding"), ["chunked"]);
        assert_eq!(reply.text(), "one two");
    }
    server.stop();
}

#[test]
fn a_piece_is_sent_before_the_next_is_there() {
    let go_on = Arc::new(Notify::new());
    let waits = Arc::clone(&go_on);
    let server = Running::start(move |_: Request| {
        let waits = Arc::clone(&waits);
        async move {
            let later = futures_util::stream::once(async move {
                waits.notified().await;
                Ok::<_, std::io::Error>(data("later"))
            });
            let first = futures_util::stream::iter([Ok(data("first "))]);
            Response::new(Body::new(StreamBody::new(futures_util::StreamExt::chain(
                first,
                Box::pin(later),
            ))))
        }
    });
    let mut client = server.connect();
    client.send("GET", "/", "", b"");
    client.until(b"first ");
    go_on.notify_one();
    assert_eq!(client.reply(false).text(), "first later");
    server.stop();
}

#[test]
fn a_length_that_was_announced_is_kept_in_pieces() {
    let server = Running::start(async |_: Request| {
        let mut response = Response::new(frames(vec![data("one "), data("two")]));
        let length = HeaderValue::from_static("7");
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
        response
    });
    let reply = server.get("/");
    assert_eq!(reply.fields("content-length"), ["7"]);
    assert_eq!(reply.text(), "one two");
    server.stop();
}

#[test]
fn trailers_follow_a_client_that_takes_them() {
    let server = Running::start(async |request: Request| {
        let taken = request.feature::<ResponseTrailers>().is_some();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("3"));
        let text = if taken { "yes" } else { "no" };
        Response::new(frames(vec![data(text), Frame::trailers(trailers)]))
    });
    let mut client = server.connect();
    let reply = client.ask("GET", "/", "Te: trailers\r\nConnection: TE\r\n", b"");
    assert_eq!((reply.text(), &*reply.trailers), ("yes", "x-sum: 3\r\n"));
    let reply = client.ask("GET", "/", "", b"");
    assert_eq!((reply.text(), &*reply.trailers), ("no", ""));
    server.stop();
}

#[test]
fn large_bodies_go_both_ways() {
    let server = Running::start(async |request: Request| Response::new(request.into_body()));
    let mut client = server.connect();
    let body: Vec<u8> = (0..3 * MEGABYTE).map(|index| (index / 7) as u8).collect();
    for length in [200_000, MEGABYTE, body.len()] {
        let reply = client.ask_aside("POST", "/", "", &body[..length]);
        assert!(reply.content == body[..length], "{length} bytes");
    }
    server.stop();
}

#[test]
fn a_chunked_request_arrives_without_its_framing() {
    let server = Running::start(async |request: Request| {
        let body = request.into_body().collect(1 << 20).await.unwrap();
        Response::new(Body::from(format!("{} {}", body.len(), body[0])))
    });
    let mut client = server.connect();
    let piece = format!("{:x}\r\n{}\r\n", 10_000, "x".repeat(10_000));
    let body = piece.repeat(30) + "0\r\n\r\n";
    client.send_raw(&format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.address()
    ));
    client.send_raw(&body);
    assert_eq!(client.reply(false).text(), "300000 120");
    server.stop();
}

#[test]
fn a_body_that_is_too_long_is_refused_where_it_is_read() {
    let server = transom_http_sys::HttpSysServer::new("http://127.0.0.1:0")
        .with_max_request_body_size(Some(10));
    let server = Running::of(server, async |request: Request| {
        let read = request.into_body().collect(1 << 20).await;
        Response::new(Body::from(if read.is_err() { "refused" } else { "taken" }))
    });
    let mut client = server.connect();
    assert_eq!(client.ask("POST", "/", "", b"0123456789").text(), "taken");
    assert_eq!(
        client.ask("POST", "/", "", b"0123456789a").text(),
        "refused"
    );
    server.stop();
}
