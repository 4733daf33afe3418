//! Bad input: each has a clear answer, and nothing else is lost.

use crate::peer::{Peer, params, run, server};
use crate::records::*;

#[tokio::test]
async fn what_is_no_request_is_answered_and_the_connection_goes_on() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/read", &[]).await;
    for (wrong, status, why) in [
        (
            record(PARAMS, 2, b"\x0e\x03REQUEST_METHOD"),
            "400 Bad Request",
            "the parameters end inside of one",
        ),
        (
            record(PARAMS, 2, &pairs([(&b"HTTP_HOST"[..], &b"a"[..])])),
            "400 Bad Request",
            "`REQUEST_METHOD`",
        ),
        (
            record(PARAMS, 2, &params("no path", &[])),
            "400 Bad Request",
            "`REQUEST_URI` is not a target",
        ),
        (
            record(STDIN, 2, b"ahead"),
            "400 Bad Request",
            "the body began before the end of the parameters",
        ),
        (
            stream(
                PARAMS,
                2,
                &params("/", &[("HTTP_X", &"x".repeat(70_000))]),
                60_000,
            ),
            "431 Request Header Fields Too Large",
            "bytes",
        ),
    ] {
        peer.send([begin(2, 1, KEEP), wrong, record(PARAMS, 2, b"")].concat())
            .await;
        peer.send([record(STDIN, 2, b"rest"), record(STDIN, 2, b"")].concat())
            .await;
        let answer = peer.answer(2).await;
        assert_eq!(
            (answer.status(), answer.end),
            (status, Some((0, 0))),
            "{why}"
        );
        assert!(answer.text().contains(why), "{}", answer.text());
        assert_eq!(answer.stderr, answer.text());
    }
    peer.send(record(STDIN, 1, b"")).await;
    assert_eq!(peer.answer(1).await.text(), "0 ");
    let causes = running.statistics.rejections_by_cause();
    assert_eq!(causes, [("invalid_request", 5)]);
}

#[tokio::test]
async fn roles_and_records_that_are_not_known_are_answered_and_others_mean_nothing() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    for role in [0, 2, 3, 257] {
        peer.send(begin(1, role, KEEP)).await;
        assert_eq!(peer.answer(1).await.end, Some((0, 3)), "unknown role");
    }
    peer.send(record(99, 0, b"whatever")).await;
    let answer = peer.next().await.unwrap();
    assert_eq!(
        (answer.kind, answer.id, answer.content[0]),
        (UNKNOWN_TYPE, 0, 99)
    );

    peer.begin(1, KEEP, "/echo", &[]).await;
    peer.send(record(DATA, 1, b"of a Filter")).await;
    peer.send(record(77, 1, b"of a later version")).await;
    peer.send(record(STDIN, 9, b"of nobody")).await;
    peer.send(record(STDIN, 1, b"body")).await;
    peer.send(record(STDIN, 1, b"")).await;
    assert_eq!(peer.answer(1).await.text(), "body");
    // A role that is not known, and a connection that is not to be kept.
    peer.send(begin(1, 2, 0)).await;
    assert_eq!(peer.answer(1).await.end, Some((0, 3)));
    peer.is_closed().await;
}

#[tokio::test]
async fn what_cannot_be_understood_closes_its_connection_and_no_other() {
    let running = run(server()).await;
    let mut other = Peer::connect(&running).await;
    other.begin(1, KEEP, "/read", &[]).await;
    let mut version = record(STDIN, 1, b"x");
    version[0] = 9;
    for (wrong, why) in [
        (version, "a record has the version 9; FastCGI has 1"),
        (
            begin(1, 1, KEEP),
            "the request 1 was begun again before it ended",
        ),
        (
            record(BEGIN_REQUEST, 2, b"short"),
            "a record BeginRequest cannot have 5 bytes",
        ),
        (
            record(STDOUT, 1, b"x"),
            "a web server sent Stdout, which applications send",
        ),
        (
            record(STDIN, 0, b"x"),
            "a record Stdin has the id 0; it has that of a request",
        ),
        (
            record(GET_VALUES, 0, b"\x7f"),
            "a list of names and values ends inside of one",
        ),
        (
            record(PARAMS, 1, b"more"),
            "the stream Params went on behind its end",
        ),
    ] {
        let mut peer = Peer::connect(&running).await;
        peer.begin(1, KEEP, "/deaf", &[]).await;
        peer.send(&wrong).await;
        let answer = peer.answer(1).await;
        assert_eq!((answer.stderr.as_str(), answer.end), (why, None));
    }
    other.send(record(STDIN, 1, b"")).await;
    assert_eq!(other.answer(1).await.text(), "0 ");
    let causes = running.statistics.rejections_by_cause();
    assert_eq!(causes, [("protocol_error", 7)]);
}

#[tokio::test]
async fn a_connection_that_ends_inside_of_a_record_breaks_its_body_off() {
    let running = run(server().with_half_close(true)).await;
    let whole = record(STDIN, 1, b"a body");
    for end in 1..whole.len() {
        let mut peer = Peer::connect(&running).await;
        peer.begin(1, 0, "/read", &[]).await;
        peer.send(&whole[..end]).await;
        tokio::io::AsyncWriteExt::shutdown(&mut peer.0)
            .await
            .unwrap();
        let answer = peer.answer(1).await;
        let text = answer.text();
        assert!(
            text.contains("went away before the body was complete"),
            "{end}: {text}"
        );
    }
    let request = request(1, 0, &[("REQUEST_METHOD", "GET")], b"");
    for end in 1..40 {
        let mut peer = Peer::connect(&running).await;
        peer.send(&request[..end]).await;
        tokio::io::AsyncWriteExt::shutdown(&mut peer.0)
            .await
            .unwrap();
        peer.is_closed().await;
    }
}

#[tokio::test]
async fn what_an_application_knows_is_told() {
    let running = run(server()
        .with_max_connections(Some(5))
        .with_max_multiplexed_requests(3))
    .await;
    let mut peer = Peer::connect(&running).await;
    let names = [
        "FCGI_MAX_CONNS",
        "FCGI_MAX_REQS",
        "FCGI_MPXS_CONNS",
        "FCGI_OTHER",
    ];
    let question = pairs(names.map(|name| (name.as_bytes(), &b""[..])));
    peer.send(record(GET_VALUES, 0, &question)).await;
    let answer = peer.next().await.unwrap();
    assert_eq!((answer.kind, answer.id), (GET_VALUES_RESULT, 0));
    let known = [
        ("FCGI_MAX_CONNS", "5"),
        ("FCGI_MAX_REQS", "15"),
        ("FCGI_MPXS_CONNS", "1"),
    ];
    let known = known.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    assert_eq!(answer.content, pairs(known));
}

#[tokio::test]
async fn questions_whose_answers_nobody_reads_are_not_answered_without_end() {
    let running = run(server()).await;
    let peer = Peer::connect(&running).await;
    let questions = record(99, 0, b"").repeat(10_000);
    let mut sent = 0;
    // The system's buffers are full at some time, and then nothing more is taken.
    while sent < 200 << 20 {
        if let Ok(written) = peer.0.try_write(&questions) {
            sent += written;
        } else {
            let room = peer.0.writable();
            let waits = std::time::Duration::from_millis(500);
            if tokio::time::timeout(waits, room).await.is_err() {
                return;
            }
        }
    }
    panic!("{sent} bytes of questions were taken");
}
