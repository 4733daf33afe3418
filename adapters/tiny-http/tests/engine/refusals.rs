//! What gets no answer of the application.

use std::io::Write;

use crate::support::{Running, head, read_until};

#[test]
fn what_is_not_http_is_refused_and_nothing_behind_it_is_answered() {
    let server = Running::start();
    let requests = [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
        "G@T / HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET nowhere HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET /\u{1}  HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx(y: z\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: y\u{1}z\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ];
    std::thread::scope(|scope| {
        for request in requests {
            let server = &server;
            scope.spawn(move || {
                let answer = server.exchange(&format!("{request}{}", head("GET /", "")));
                assert!(answer.starts_with("HTTP/1.1 400 "), "{request:?}: {answer}");
                assert!(!answer.contains("hello"), "{request:?}: {answer}");
            });
        }
    });
    server.stop();
}

#[test]
fn an_announcement_that_no_machine_can_hold_does_not_end_the_process() {
    let server = Running::start();
    for length in [
        "99999999999999",
        "9223372036854775807",
        "18446744073709551615",
    ] {
        let mut stream = server.connect();
        stream
            .write_all(head("POST /collect", &format!("content-length: {length}\r\n")).as_bytes())
            .unwrap();
        read_until(&mut stream, " 413 ");
    }
    assert!(server.exchange(&head("GET /", "")).ends_with("hello"));
    server.stop();
}

#[test]
fn an_aborted_request_gets_no_answer_and_neither_does_what_follows_it() {
    let server = Running::start();
    assert_eq!(server.exchange(&head("GET /abort", "")), "");
    // Kept alive, it is closed when it has been silent for the read timeout.
    let answer = server.exchange(&format!(
        "GET /abort HTTP/1.1\r\nhost: a\r\n\r\n{}",
        head("GET /", "")
    ));
    assert_eq!(answer, "");
    server.stop();
}
