//! The content of requests: read, unread, broken off.

use std::io::Write;

use transom_tiny_http::TinyHttpServer;

use crate::support::{READ_TIMEOUT, Running, head, read_to_end, read_until};

#[test]
fn large_bodies_stream_both_ways() {
    let server =
        Running::of(TinyHttpServer::new("http://127.0.0.1:0").with_max_request_body_size(None));
    let mut stream = server.connect();
    let length = 32 << 20;
    stream
        .write_all(head("POST /count", &format!("content-length: {length}\r\n")).as_bytes())
        .unwrap();
    let chunk = vec![b'x'; 64 * 1024];
    for _ in 0..length / chunk.len() {
        stream.write_all(&chunk).unwrap();
    }
    assert!(read_to_end(&mut stream).ends_with(&format!("\r\n\r\n{length}")));
    let answer = server.exchange(&head("GET /large", ""));
    assert_eq!(answer.matches('x').count(), length, "{}", answer.len());
    server.stop();
}

#[test]
fn a_client_may_wait_for_each_echo() {
    let server = Running::start();
    let mut stream = server.connect();
    stream
        .write_all(head("POST /echo", "transfer-encoding: chunked\r\n").as_bytes())
        .unwrap();
    for word in ["one", "two", "six"] {
        stream
            .write_all(format!("3\r\n{word}\r\n").as_bytes())
            .unwrap();
        read_until(&mut stream, &format!("3\r\n{word}\r\n"));
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(read_to_end(&mut stream), "0\r\n\r\n");
    server.stop();
}

#[test]
fn a_body_that_breaks_off_is_an_error() {
    let server = Running::start();
    let mut stream = server.connect();
    stream
        .write_all(head("POST /collect", "content-length: 5000\r\n").as_bytes())
        .unwrap();
    stream.write_all(b"only this").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let answer = read_to_end(&mut stream);
    assert!(answer.contains(" 400 "), "{answer}");
    assert!(
        answer.ends_with("the peer went away before the body was complete"),
        "{answer}"
    );
    server.stop();
}

#[test]
fn a_silent_client_does_not_hold_a_thread() {
    let server = Running::of(
        TinyHttpServer::new("http://127.0.0.1:0")
            .with_threads(1)
            .with_read_timeout(READ_TIMEOUT),
    );
    let mut silent = server.connect();
    silent
        .write_all(head("POST /collect", "transfer-encoding: chunked\r\n").as_bytes())
        .unwrap();
    let hello = server.exchange(&head("GET /", ""));
    assert!(hello.ends_with("hello"), "{hello}");
    let answer = read_to_end(&mut silent);
    assert!(
        answer.ends_with("the peer sent the body too slowly"),
        "{answer}"
    );
    server.stop();
}

#[test]
fn continue_is_sent_when_the_body_is_asked_for_and_not_otherwise() {
    let server = Running::start();
    let expect = "content-length: 5\r\nexpect: 100-continue\r\n";
    let mut stream = server.connect();
    stream
        .write_all(head("POST /collect", expect).as_bytes())
        .unwrap();
    let interim = read_until(&mut stream, "\r\n\r\n");
    assert!(interim.starts_with("HTTP/1.1 100 Continue"), "{interim}");
    stream.write_all(b"hello").unwrap();
    assert!(read_to_end(&mut stream).ends_with("5 bytes"));

    let mut stream = server.connect();
    stream
        .write_all(head("POST /unread", expect).as_bytes())
        .unwrap();
    let interim = read_until(&mut stream, "\r\n\r\n");
    assert!(interim.starts_with("HTTP/1.1 102 "), "{interim}");
    let answer = read_until(&mut stream, "\r\n\r\nno");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    server.stop();
}

#[test]
fn an_unread_body_is_not_the_next_request() {
    let server = Running::start();
    let mut stream = server.connect();
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    stream
        .write_all(
            format!(
                "POST /unread HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
                 {:x}\r\n{smuggled}\r\n0\r\n\r\n",
                smuggled.len()
            )
            .as_bytes(),
        )
        .unwrap();
    let answer = read_until(&mut stream, "\r\n\r\nno");
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(read_to_end(&mut stream), "");

    // Nothing tells where a malformed chunk ends.
    let mut stream = server.connect();
    stream
        .write_all(
            format!(
                "POST /collect HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
                 wrong\r\n{smuggled}"
            )
            .as_bytes(),
        )
        .unwrap();
    let answers = read_to_end(&mut stream);
    assert!(answers.contains(" 400 Bad Request\r\n"), "{answers}");
    assert!(!answers.contains("hello"), "{answers}");
    server.stop();
}

#[test]
fn an_early_answer_does_not_wait_for_the_rest_of_the_body() {
    let server = Running::start();
    let mut stream = server.connect();
    stream
        .write_all(head("POST /first", "content-length: 1000000\r\n").as_bytes())
        .unwrap();
    stream.write_all(&[b'x'; 2000]).unwrap();
    let answer = read_until(&mut stream, "after");
    assert!(answer.contains(" 413 "), "{answer}");
    server.stop();
}
