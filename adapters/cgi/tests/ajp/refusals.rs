//! What no web server sends: each gets an answer that says why, or the end of its connection, and the server lives.

use tokio::io::AsyncWriteExt as _;

use crate::packets::*;
use crate::peer::{Peer, get, post, run, server};

fn with_byte(mut bytes: Vec<u8>, at: usize, byte: u8) -> Vec<u8> {
    bytes[at] = byte;
    bytes
}

#[tokio::test]
async fn what_is_wrong_is_said_and_the_connection_closed() {
    let running = run(server()).await;
    let good = get("/hello").packet();
    let many = (0..257).fold(get("/hello"), |forward, _| forward.field("a", ""));
    let wrong = [
        (
            b"GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(),
            400,
            "this is not AJP",
        ),
        (with_byte(good.clone(), 1, 0x35), 400, "this is not AJP"),
        (with_byte(good.clone(), 2, 0xFF), 431, "a packet has 6"),
        (
            with_byte(good.clone(), 4, 99),
            400,
            "a packet of the kind 99",
        ),
        // The length of the first text.
        (
            with_byte(good.clone(), 6, 0x7F),
            400,
            "something goes beyond",
        ),
        (with_byte(good.clone(), 7, 7), 400, "a text has no NUL"),
        (packet(b""), 400, "something goes beyond"),
        (
            packet(&get("/hello").content()[..20]),
            400,
            "something goes beyond",
        ),
        (data(b"a body of nothing"), 400, "a packet of the kind 0"),
        (many.packet(), 431, "there are more than 256 variables"),
        (get("/a b").packet(), 400, "`REQUEST_URI` is not a target"),
        (
            get("/hello").field("Host", "b").packet(),
            400,
            "the request has more than one `Host`",
        ),
        (
            get("/hello").field("a", "1\r\nb: 2").packet(),
            400,
            "the value of `a`",
        ),
        (
            get("/hello").attribute(99, &["x"]).packet(),
            400,
            "there is no attribute 99",
        ),
        (
            get("/hello")
                .attribute(STORED_METHOD, &["A"])
                .attribute(STORED_METHOD, &["B"])
                .packet(),
            400,
            "there are two attributes `method`",
        ),
        (
            post("/hello")
                .field("Content-Length", "5")
                .field("Transfer-Encoding", "chunked")
                .packet(),
            400,
            "the request has both",
        ),
        (
            post("/hello")
                .field("Transfer-Encoding", "chunked, chunked")
                .packet(),
            400,
            "the `Transfer-Encoding` is another",
        ),
        (
            post("/hello")
                .field("Content-Length", "5")
                .field("Content-Length", "6")
                .packet(),
            400,
            "the request has more than one `Content-Length`",
        ),
    ];
    let count = wrong.len();
    for (bytes, status, why) in wrong {
        let mut peer = Peer::connect(&running).await;
        peer.send(bytes).await;
        let answer = peer.answer(&[]).await;
        assert_eq!(answer.status, status, "{why}: {}", answer.text());
        assert!(answer.text().starts_with(why), "{why}: {}", answer.text());
        assert_eq!(answer.end, Some(false), "{why}");
        peer.is_closed().await;
    }
    let mut peer = Peer::connect(&running).await;
    assert_eq!(peer.ask(get("/hello")).await.text(), "hello");
    assert_eq!(running.statistics.total_requests(), 1);
    assert_eq!(running.statistics.rejections(), count as u64);
}

#[tokio::test]
async fn a_packet_that_is_cut_off_is_answered_so_and_an_empty_connection_not_at_all() {
    let running = run(server()).await;
    let whole = get("/hello").packet();
    for end in [1, 3, 4, whole.len() / 2, whole.len() - 1] {
        let mut peer = Peer::connect(&running).await;
        peer.send(&whole[..end]).await;
        peer.0.shutdown().await.unwrap();
        let answer = peer.answer(&[]).await;
        assert_eq!(answer.text(), "the request is cut off\n", "{end}");
    }
    let mut peer = Peer::connect(&running).await;
    peer.0.shutdown().await.unwrap();
    peer.is_closed().await;
}

#[tokio::test]
async fn fields_and_attributes_are_no_more_and_no_longer_than_they_may() {
    let small = server().with_max_variables(10).with_max_variables_size(200);
    let running = run(small).await;
    let mut peer = Peer::connect(&running).await;
    assert_eq!(peer.ask(get("/hello")).await.text(), "hello");
    let long = "x".repeat(200);
    for (forward, why) in [
        (
            get("/hello").field("a", &long),
            "the variables have more than 200 bytes\n",
        ),
        (
            get("/hello").attribute(NAMED, &["a", &long]),
            "the variables have more than 200 bytes\n",
        ),
        (
            (0..10).fold(get("/hello"), |forward, _| forward.field("a", "")),
            "there are more than 10 variables\n",
        ),
    ] {
        let mut peer = Peer::connect(&running).await;
        let answer = peer.ask(forward).await;
        assert_eq!((answer.status, answer.text()), (431, why));
    }
}
