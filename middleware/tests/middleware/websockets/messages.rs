//! What goes to and fro.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use transom_middleware::websockets::{WebSocket, WebSockets};

use super::peer::{app, echo, frame, open, until};
use crate::support::run;

const TEXT: u8 = 0x81;
const TEXT_TO_BE_CONTINUED: u8 = 0x01;
const CONTINUED: u8 = 0x00;
const END: u8 = 0x80;

#[test]
fn messages_come_back_as_they_went() {
    run(async {
        let mut peer = open(app(WebSockets::new(), echo)).await;
        for message in [
            Message::text("is anybody there?"),
            Message::text(""),
            Message::text("é".repeat(100_000)),
            Message::binary(vec![0xff; 1 << 20]),
            Message::binary(Vec::new()),
        ] {
            peer.send(message.clone()).await;
            assert!(peer.next().await == message, "{} bytes", message.len());
        }
        // As one message, with a ping in between.
        peer.write(&frame(TEXT_TO_BE_CONTINUED, b"in ")).await;
        peer.write(&frame(0x89, b"ping")).await;
        peer.write(&frame(CONTINUED, b"three ")).await;
        peer.write(&frame(END, b"pieces")).await;
        assert_eq!(peer.next().await, Message::Pong("ping".into()));
        assert_eq!(peer.next().await, Message::text("in three pieces"));
    });
}

#[test]
fn it_is_a_stream_and_a_sink() {
    run(async {
        let handler = async |socket: WebSocket| {
            let (mut sink, mut stream) = StreamExt::split(socket);
            while let Some(Ok(message)) = stream.next().await {
                let text = message.as_text().unwrap_or_default().to_uppercase();
                sink.feed(text.into()).await.unwrap();
                sink.flush().await.unwrap();
                if message.as_text() == Some("close") {
                    sink.close().await.unwrap();
                }
            }
        };
        let mut peer = open(app(WebSockets::new(), handler)).await;
        peer.send("one").await;
        peer.send("two").await;
        peer.send("close").await;
        for text in ["ONE", "TWO", "CLOSE"] {
            assert_eq!(peer.next().await.to_text().unwrap(), text);
        }
        assert_eq!(peer.closed().await.0, 1005);
    });
}

#[test]
fn both_directions_go_their_own_way_and_a_sender_can_be_shared() {
    run(async {
        let handler = async |socket: WebSocket| {
            let (mut sender, mut receiver) = socket.split();
            let mut other = sender.clone();
            let ticking = async move {
                for tick in 0..3 {
                    other.send(format!("tick {tick}")).await.unwrap();
                }
            };
            let answering = async move {
                while let Some(Ok(message)) = receiver.recv().await {
                    if sender.send(message).await.is_err() {
                        return;
                    }
                }
            };
            tokio::join!(ticking, answering);
        };
        let mut peer = open(app(WebSockets::new(), handler)).await;
        peer.send("hello").await;
        let mut heard = Vec::new();
        for _ in 0..4 {
            heard.push(peer.next().await.to_text().unwrap().to_owned());
        }
        heard.sort();
        assert_eq!(heard, ["hello", "tick 0", "tick 1", "tick 2"]);
    });
}

#[test]
fn pings_are_answered_whether_the_handler_reads_or_not() {
    run(async {
        let handler = async |mut socket: WebSocket| {
            socket.send("hello").await.unwrap();
            std::future::pending::<()>().await;
        };
        let mut peer = open(app(WebSockets::new(), handler)).await;
        assert_eq!(peer.next().await, Message::text("hello"));
        for count in 0..3_u8 {
            peer.send(Message::Ping(vec![count].into())).await;
            assert_eq!(peer.next().await, Message::Pong(vec![count].into()));
        }
        // One message that is not taken is no hindrance to the ping before it.
        peer.write(&[frame(0x89, b"a"), frame(TEXT, b"unread")].concat())
            .await;
        assert_eq!(peer.next().await, Message::Pong("a".into()));
    });
}

#[test]
fn whoever_drops_the_receiver_throws_away_what_the_client_says() {
    run(async {
        let handler = async |socket: WebSocket| {
            let (mut sender, receiver) = socket.split();
            drop(receiver);
            sender.send("hello").await.unwrap();
            std::future::pending::<()>().await;
        };
        let mut peer = open(app(WebSockets::new(), handler)).await;
        assert_eq!(peer.next().await, Message::text("hello"));
        for _ in 0..100 {
            peer.send(vec![0; 10_000]).await;
        }
        peer.send(Message::Ping("still there?".into())).await;
        assert_eq!(peer.next().await, Message::Pong("still there?".into()));
    });
}

#[test]
fn a_handler_that_sends_more_than_the_client_reads_waits() {
    run(async {
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let handler = move |mut socket: WebSocket| {
            let count = Arc::clone(&count);
            async move {
                while socket.send(vec![0; 10_000]).await.is_ok() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        let mut peer = open(app(WebSockets::new(), handler)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let before = sent.load(Ordering::Relaxed);
        assert!((1..20).contains(&before), "{before} messages wait");
        for _ in 0..100 {
            assert_eq!(peer.next().await.len(), 10_000);
        }
        assert!(sent.load(Ordering::Relaxed) >= 100);
    });
}

#[test]
fn a_client_that_sends_more_than_the_handler_takes_is_not_read() {
    run(async {
        let (go, _) = tokio::sync::watch::channel(false);
        let waiting = go.clone();
        let handler = move |mut socket: WebSocket| {
            let mut going = waiting.subscribe();
            async move {
                going.wait_for(|go| *go).await.unwrap();
                while let Some(Ok(message)) = socket.recv().await {
                    drop(socket.send(message).await);
                }
            }
        };
        let mut peer = open(app(WebSockets::new(), handler)).await;
        let mut sent = 0;
        while let Ok(result) = tokio::time::timeout(
            Duration::from_millis(50),
            peer.socket.send(Message::binary(vec![0; 10_000])),
        )
        .await
        {
            result.unwrap();
            sent += 1;
            assert!(sent < 50, "it is read without end");
        }
        // The one that waits is in the buffer, and goes with the next.
        sent += 1;
        go.send_replace(true);
        let (mut sink, mut stream) = peer.socket.split();
        let flushing = async { sink.flush().await.unwrap() };
        let reading = async {
            for _ in 0..sent {
                assert_eq!(stream.next().await.unwrap().unwrap().len(), 10_000);
            }
        };
        tokio::join!(flushing, reading);
    });
}

#[test]
fn a_client_that_breaks_the_rules_is_told_and_so_is_the_handler() {
    run(async {
        let too_long = frame(TEXT, &[b'a'; 1001]);
        let too_long_in_pieces = [
            frame(TEXT_TO_BE_CONTINUED, &[b'a'; 600]),
            frame(CONTINUED, &[b'a'; 401]),
        ]
        .concat();
        // A frame without a mask, one of 2^63 bytes, and one that is not masked by its length.
        for (bytes, code, why) in [
            (too_long, 1009, "too long"),
            (too_long_in_pieces, 1009, "too long"),
            (
                vec![
                    0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
                ],
                1009,
                "too long",
            ),
            (frame(TEXT, b"\xff"), 1007, "UTF-8"),
            (
                [frame(TEXT_TO_BE_CONTINUED, b"\xc3"), frame(END, b"a")].concat(),
                1007,
                "UTF-8",
            ),
            (vec![TEXT, 1, b'a'], 1002, "unmasked"),
            (frame(0xc1, b"a"), 1002, "eserved bits"),
            (frame(0x83, b"a"), 1002, "invalid opcode"),
            (frame(0x8b, b"a"), 1002, "invalid opcode"),
            (frame(0x09, b"a"), 1002, "ragmented control"),
            (frame(0x89, &[0; 126]), 1002, "too big"),
            (frame(END, b"a"), 1002, "nothing to continue"),
            (
                [frame(TEXT_TO_BE_CONTINUED, b"a"), frame(TEXT, b"b")].concat(),
                1002,
                "more fragments",
            ),
            (frame(0x88, b"a"), 1002, "close sequence"),
            (frame(0x88, b"\x03\xe8\xff"), 1007, "UTF-8"),
        ] {
            let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
            let hears = Arc::clone(&heard);
            let handler = move |mut socket: WebSocket| {
                let heard = Arc::clone(&hears);
                async move {
                    while let Some(message) = socket.recv().await {
                        heard.lock().unwrap().push(message);
                    }
                    assert!(socket.send("too late").await.unwrap_err().is_closed());
                }
            };
            let sockets = WebSockets::new().with_max_message_size(1000);
            let mut peer = open(app(sockets, handler)).await;
            // What comes behind it is not read, and does not keep the client from hearing why.
            peer.write(&[bytes, vec![0; 2000]].concat()).await;
            let (told, reason) = peer.closed().await;
            assert_eq!(told, code, "{reason}");
            assert!(reason.contains(why), "{reason:?} does not say {why:?}");
            until("the handler hears", || !heard.lock().unwrap().is_empty()).await;
            let heard = heard.lock().unwrap();
            assert_eq!(heard.len(), 1, "{heard:?}");
            let error = heard[0].as_ref().unwrap_err();
            assert_eq!(error.is_too_big(), code == 1009);
            assert_eq!(error.is_protocol(), code != 1009);
            assert_eq!(error.to_string(), reason);
        }
    });
}
