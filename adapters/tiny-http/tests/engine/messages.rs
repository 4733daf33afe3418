//! Requests that are answered, and how their responses look.

use std::io::Write;
use std::time::{Duration, Instant};

use transom_tiny_http::TinyHttpServer;

use crate::support::{READ_TIMEOUT, Running, head, read_to_end, read_until};

#[test]
fn a_request_is_answered_with_a_length_and_a_date() {
    let server = Running::start();
    let answer = server.exchange(&head("GET /", ""));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-length: 5\r\n"), "{answer}");
    assert!(answer.contains("date: "), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    server.stop();
}

#[test]
fn many_requests_share_one_connection() {
    let server = Running::start();
    let mut stream = server.connect();
    for _ in 0..500 {
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .unwrap();
        let answer = read_until(&mut stream, "hello");
        assert!(!answer.contains("connection: close"), "{answer}");
    }
    server.stop();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Running::start();
    let answers = server.exchange(&format!(
        "GET /sleep HTTP/1.1\r\nhost: a\r\n\r\n{}",
        head("GET /", "")
    ));
    let (slept, hello) = (answers.find("slept"), answers.find("hello"));
    assert!(slept.is_some() && slept < hello, "{answers}");
    server.stop();
}

#[test]
fn the_application_has_the_runtime_of_the_host() {
    let server = Running::start();
    assert!(server.exchange(&head("GET /sleep", "")).ends_with("slept"));
    assert!(
        server
            .exchange(&head("GET /spawn", ""))
            .ends_with("spawned")
    );
    server.stop();
}

#[test]
fn sixty_four_slow_requests_run_at_a_time_and_the_next_waits() {
    let server = Running::start();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| assert!(server.exchange(&head("GET /sleep", "")).ends_with("slept")));
        }
    });
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    server.stop();

    let server = Running::of(
        TinyHttpServer::new("http://127.0.0.1:0")
            .with_read_timeout(READ_TIMEOUT)
            .with_threads(1),
    );
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert!(server.exchange(&head("GET /sleep", "")).ends_with("slept")));
        }
    });
    server.stop();
}

#[test]
fn both_ends_of_the_connection_are_known() {
    let server = Running::start();
    let mut stream = server.connect();
    let (local, remote) = (stream.peer_addr().unwrap(), stream.local_addr().unwrap());
    stream.write_all(head("GET /info", "").as_bytes()).unwrap();
    let answer = read_to_end(&mut stream);
    assert!(answer.ends_with(&format!("{local} {remote}")), "{answer}");
    server.stop();
}

#[test]
fn frames_of_a_response_are_sent_one_by_one() {
    let server = Running::start();
    let mut stream = server.connect();
    stream.write_all(head("GET /ticks", "").as_bytes()).unwrap();
    let head = read_until(&mut stream, "\r\n\r\n");
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    let begun = Instant::now();
    assert_eq!(read_until(&mut stream, "tick 0\n\r\n"), "7\r\ntick 0\n\r\n");
    assert!(
        begun.elapsed() < Duration::from_millis(290),
        "{:?}",
        begun.elapsed()
    );
    assert!(read_to_end(&mut stream).ends_with("tick 2\n\r\n0\r\n\r\n"));
    server.stop();
}

#[test]
fn http_1_0_gets_an_unknown_length_up_to_the_end_of_the_connection() {
    let server = Running::start();
    let answer = server.exchange("GET /ticks HTTP/1.0\r\n\r\n");
    assert!(!answer.contains("transfer-encoding"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(
        answer.ends_with("\r\n\r\ntick 0\ntick 1\ntick 2\n"),
        "{answer}"
    );
    server.stop();
}

#[test]
fn a_response_that_breaks_off_is_not_made_to_look_complete() {
    let server = Running::start();
    for fields in ["connection: close\r\n", ""] {
        let answer = server.exchange(&format!("GET /breaks HTTP/1.1\r\nhost: a\r\n{fields}\r\n"));
        assert!(answer.ends_with("4\r\nsome\r\n"), "{answer}");
    }
    server.stop();
}

#[test]
fn a_panic_is_a_500_and_the_connection_lives() {
    let server = Running::start();
    let answers = server.exchange(&format!(
        "GET /panic HTTP/1.1\r\nhost: a\r\n\r\n{}",
        head("GET /", "")
    ));
    assert!(answers.starts_with("HTTP/1.1 500 "), "{answers}");
    assert!(answers.ends_with("hello"), "{answers}");
    server.stop();
}
