//! Bodies, their ends and their lengths.

use std::time::Duration;

use crate::peer::{Peer, run, server};
use crate::records::*;

async fn read(length: &[(&str, &str)], pieces: &[&[u8]]) -> String {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, 0, "/read", length).await;
    for piece in pieces {
        peer.send(record(STDIN, 1, piece)).await;
    }
    peer.send(record(STDIN, 1, b"")).await;
    let answer = peer.answer(1).await;
    assert_eq!((answer.is_whole, answer.end), (true, Some((0, 0))));
    answer.text().to_owned()
}

#[tokio::test]
async fn a_body_ends_with_its_stream_and_a_length_is_held_to() {
    for unknown in [
        &[][..],
        &[("CONTENT_LENGTH", "")],
        &[("CONTENT_LENGTH", "-1")],
    ] {
        assert_eq!(read(unknown, &[b"one ", b"two"]).await, "7 ");
    }
    let chunked = [("HTTP_TRANSFER_ENCODING", "chunked")];
    assert_eq!(read(&chunked, &[b"one ", b"two"]).await, "7 ");
    let length = [("CONTENT_LENGTH", "7")];
    assert_eq!(read(&length, &[b"one ", b"two"]).await, "7 ");
    let short = read(&length, &[b"one "]).await;
    assert_eq!(short, "4 the body is shorter than its announced length");
    let long = read(&length, &[b"one ", b"two ", b"three"]).await;
    assert_eq!(long, "4 the body is longer than its announced length");
}

#[tokio::test]
async fn a_length_that_is_none_is_refused() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/read", &[("CONTENT_LENGTH", "7x")])
        .await;
    let answer = peer.answer(1).await;
    assert_eq!(answer.status(), "400 Bad Request");
    assert!(answer.stderr.contains("`CONTENT_LENGTH` is not a length"));
}

#[tokio::test]
async fn both_bodies_flow_at_the_same_time() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, 0, "/echo", &[]).await;
    assert!(
        peer.next()
            .await
            .unwrap()
            .content
            .starts_with(b"Status: 200 OK\r\n")
    );
    for piece in [&b"one"[..], b"two", b"three"] {
        peer.send(record(STDIN, 1, piece)).await;
        let back = peer.next().await.unwrap();
        assert_eq!((back.kind, &back.content[..]), (STDOUT, piece));
    }
    peer.send(record(STDIN, 1, b"")).await;
    let answer = peer.answer(1).await;
    assert_eq!((answer.is_whole, answer.end), (true, Some((0, 0))));
    peer.is_closed().await;
}

#[tokio::test]
async fn a_piece_of_a_record_is_handed_on_before_the_rest_of_it() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, 0, "/echo", &[]).await;
    peer.next().await.unwrap();
    let record = record(STDIN, 1, b"one two");
    peer.send(&record[..8 + 4]).await;
    assert_eq!(peer.next().await.unwrap().content, b"one ");
    peer.send(&record[8 + 4..]).await;
    assert_eq!(peer.next().await.unwrap().content, b"two");
}

#[tokio::test]
async fn a_long_answer_comes_in_the_longest_records() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, 0, "/large", &[]).await;
    peer.send(record(STDIN, 1, b"")).await;
    let answer = peer.answer(1).await;
    assert_eq!(answer.body().len(), 1 << 20);
    assert!(answer.is_whole);
}

#[tokio::test]
async fn what_is_not_read_is_dropped_and_the_connection_is_used_again() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    for id in [1, 1, 7] {
        peer.begin(id, KEEP, "/hello", &[]).await;
        assert_eq!(peer.answer(id).await.text(), "hello");
        peer.send(stream(STDIN, id, &[b'x'; 300_000], 60_000)).await;
        peer.send(record(STDIN, id, b"")).await;
    }
}

#[tokio::test]
async fn an_answer_is_not_lost_where_the_body_was_not_read() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, 0, "/hello", &[]).await;
    // The connection is closed meanwhile, without a reset.
    peer.send(stream(STDIN, 1, &[b'x'; 300_000], 60_000)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    peer.send(record(STDIN, 1, b"")).await;
    assert_eq!(peer.answer(1).await.text(), "hello");
}

#[tokio::test]
async fn an_application_that_does_not_read_holds_up_others_for_a_while() {
    let server = server().with_hold_up_timeout(Some(Duration::from_millis(100)));
    let running = run(server).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, KEEP, "/deaf", &[]).await;
    peer.begin(2, KEEP, "/hold", &[]).await;
    let upload = stream(STDIN, 1, &vec![b'x'; 4 << 20], 60_000);
    peer.send(upload).await;
    // It comes through when the first is let go; and what comes of that is dropped.
    assert_eq!(peer.ask(3, KEEP, "/hello").await.text(), "hello");
}

#[tokio::test]
async fn an_application_that_has_its_connection_for_itself_may_read_when_it_likes() {
    let server = server().with_hold_up_timeout(Some(Duration::from_millis(10)));
    let running = run(server).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, 0, "/echo", &[]).await;
    let upload = stream(STDIN, 1, &vec![b'x'; 8 << 20], 60_000);
    let (mut reader, mut writer) = peer.0.split();
    let sending = async {
        use tokio::io::AsyncWriteExt as _;
        writer.write_all(&upload).await.unwrap();
        writer.write_all(&record(STDIN, 1, b"")).await.unwrap();
    };
    let reading = async {
        // What comes back is not taken, so that the application does not read.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut length = 0;
        while let Some(record) = read_record(&mut reader).await.unwrap() {
            length += if record.kind == STDOUT {
                record.content.len()
            } else {
                0
            };
        }
        length
    };
    let (length, ()) = crate::peer::within(async { tokio::join!(reading, sending) }).await;
    assert_eq!(length, (8 << 20) + "Status: 200 OK\r\n\r\n".len());
}

#[tokio::test]
async fn a_web_server_that_says_nothing_of_a_body_is_given_up() {
    let server = server().with_stall_timeout(Some(Duration::from_millis(50)));
    let running = run(server).await;
    let mut peer = Peer::connect(&running).await;
    peer.begin(1, 0, "/read", &[]).await;
    peer.send(record(STDIN, 1, b"some")).await;
    assert_eq!(
        peer.answer(1).await.text(),
        "4 the peer sent the body too slowly"
    );
}
