//! Bodies, their packets and their ends.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use crate::packets::*;
use crate::peer::{Peer, get, post, run, server};

fn of_length(target: &str, length: usize) -> Forward {
    post(target).field("Content-Length", length.to_string())
}

fn chunked(target: &str) -> Forward {
    post(target).field("Transfer-Encoding", "chunked")
}

#[tokio::test]
async fn the_first_packet_comes_unasked_and_each_other_when_it_is_asked_for() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.send(of_length("/read", 7).packet()).await;
    peer.send(data(b"one")).await;
    let answer = peer.answer(&[data(b" t"), data(b"wo")]).await;
    assert_eq!((answer.text(), answer.questions), ("7 ", 2));
    assert_eq!(answer.end, Some(true));
}

#[tokio::test]
async fn a_body_without_a_length_is_asked_for_until_a_packet_is_empty() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    for end in [data(b""), packet(b"")] {
        peer.send(chunked("/read").packet()).await;
        let answer = peer.answer(&[data(b"one "), data(b"two"), end]).await;
        assert_eq!((answer.text(), answer.questions), ("7 ", 3));
        assert_eq!(answer.end, Some(true));
    }
}

#[tokio::test]
async fn nothing_is_asked_for_before_the_application_waits_for_it() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.send(chunked("/later").packet()).await;
    let asked_in = async {
        let asked = tokio::time::Instant::now();
        let wants = peer.next().await;
        assert_eq!(wants, Some(Said::Wants(8186)));
        asked.elapsed()
    };
    assert!(asked_in.await >= Duration::from_millis(45));
    peer.send(data(b"")).await;
    assert_eq!(peer.answer(&[]).await.text(), "0 ");

    peer.send(chunked("/hello").packet()).await;
    let answer = peer.answer(&[]).await;
    assert_eq!((answer.text(), answer.end), ("hello", Some(true)));
}

#[tokio::test]
async fn no_more_is_asked_for_than_there_is() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.send(of_length("/echo", 5).packet()).await;
    peer.send(data(b"abc")).await;
    let mut said = Vec::new();
    let wants = loop {
        match peer.next().await.unwrap() {
            Said::Wants(most) => break most,
            other => said.push(other),
        }
    };
    assert_eq!(wants, 2);
    // What there is goes first, for it is not read while the client is waited for; and what has no data flushes it.
    assert!(matches!(said[0], Said::Head { .. }), "{said:?}");
    let behind = [Said::Data(b"abc".to_vec()), Said::Data(Vec::new())];
    assert!(said.ends_with(&behind), "{said:?}");
    peer.send(data(b"de")).await;
    assert_eq!(peer.answer(&[]).await.text(), "de");
}

#[tokio::test]
async fn a_packet_that_nobody_reads_is_no_request() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    // It looks like a request, whatever reads it as one.
    let forged = packet(&[2, 2, 0, 8, b'H', b'T', b'T', b'P', b'/', b'1']);
    let piece = data(&forged);
    for _ in 0..3 {
        peer.send(of_length("/hello", forged.len()).packet()).await;
        assert_eq!(peer.answer(&[]).await.end, Some(true));
        // After the answer, as of a slow client.
        peer.send(&piece).await;
        assert_eq!(peer.ask(get("/hello")).await.text(), "hello");
    }
    // Where it stands for itself it is refused.
    peer.send(of_length("/hello", 5).packet()).await;
    assert_eq!(peer.answer(&[]).await.end, Some(true));
    peer.send(&forged).await;
    assert_eq!(peer.answer(&[]).await.status, 400);
    peer.is_closed().await;
    assert_eq!(running.statistics.total_requests(), 7);
}

#[tokio::test]
async fn what_was_not_asked_for_ends_the_connection() {
    for (forward, packets) in [
        // A request before the answer to the last one.
        (get("/never"), vec![get("/hello").packet()]),
        // A body that nothing said of.
        (get("/never"), vec![data(b"body")]),
        // One more packet of a body.
        (of_length("/never", 9), vec![data(b"abc"), data(b"def")]),
        (of_length("/never", 3), vec![data(b"abc"), data(b"def")]),
        // More than was announced.
        (of_length("/never", 3), vec![data(b"abcd")]),
        // What is no packet.
        (of_length("/never", 3), vec![b"abc".to_vec()]),
        (of_length("/never", 3), vec![packet(b"\0\x09abc")]),
    ] {
        let running = run(server()).await;
        let mut peer = Peer::connect(&running).await;
        peer.send(forward.packet()).await;
        for packet in packets {
            peer.send(packet).await;
        }
        peer.is_closed().await;
        assert_eq!(running.statistics.total_requests(), 1);
    }
}

#[tokio::test]
async fn a_body_that_is_too_short_never_just_ends() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    peer.send(of_length("/read", 7).packet()).await;
    peer.send(data(b"one")).await;
    let answer = peer.answer(&[data(b"")]).await;
    assert_eq!(
        answer.text(),
        "3 the body is shorter than its announced length"
    );
    let half = run(server().with_half_close(true)).await;
    let mut peer = Peer::connect(&half).await;
    peer.send(chunked("/read").packet()).await;
    assert_eq!(peer.next().await, Some(Said::Wants(8186)));
    peer.0.shutdown().await.unwrap();
    let answer = peer.answer(&[]).await;
    assert!(answer.text().starts_with("0 "), "{}", answer.text());
    assert!(answer.text().len() > 2, "{}", answer.text());
    assert_eq!(answer.end, Some(false));
}

#[tokio::test]
async fn a_web_server_that_says_nothing_of_a_body_is_given_up() {
    let running = run(server().with_stall_timeout(Some(Duration::from_millis(50)))).await;
    let mut peer = Peer::connect(&running).await;
    peer.send(chunked("/read").packet()).await;
    assert_eq!(peer.next().await, Some(Said::Wants(8186)));
    let answer = peer.answer(&[]).await;
    assert_eq!(answer.text(), "0 the peer sent the body too slowly");
    assert_eq!(answer.end, Some(false));
    // One that nobody waits for may come when it likes.
    let mut peer = Peer::connect(&running).await;
    peer.send(of_length("/slow", 3).packet()).await;
    assert_eq!(peer.answer(&[]).await.end, Some(true));
}

#[tokio::test]
async fn a_long_answer_comes_in_the_longest_packets() {
    for (size, longest) in [(0, 8184), (65_536, 65_528), (usize::MAX, 65_528)] {
        let running = run(server().with_max_packet_size(size)).await;
        let mut peer = Peer::connect(&running).await;
        peer.send(get("/large").packet()).await;
        assert!(matches!(
            peer.next().await,
            Some(Said::Head { status: 200, .. })
        ));
        let Some(Said::Data(first)) = peer.next().await else {
            panic!("there is no data");
        };
        assert_eq!(first.len(), longest);
        let rest = peer.answer(&[]).await;
        assert_eq!(
            (first.len() + rest.body.len(), rest.end),
            (1 << 20, Some(true))
        );
    }
}
