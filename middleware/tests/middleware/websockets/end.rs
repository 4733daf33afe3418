//! How it ends, and who sees what of it.

use std::time::Duration;

use futures_util::StreamExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame as Frame;
use transom_middleware::websockets::{CloseCode, CloseFrame, WebSocket, WebSockets};

use super::heard::Heard;
use super::peer::{app, echo, open};
use crate::support::{logged, run};

#[test]
fn a_handler_that_returns_closes_after_what_it_has_sent() {
    run(async {
        let handler = async |mut socket: WebSocket| {
            for number in 0..5 {
                socket.send(format!("{number}")).await.unwrap();
            }
        };
        let mut peer = open(app(WebSockets::new(), handler)).await;
        for number in 0..5 {
            assert_eq!(peer.next().await, Message::text(number.to_string()));
        }
        assert_eq!(peer.closed().await.0, 1000);
        peer.ended().await;
    });
}

#[test]
fn a_handler_that_panics_closes_with_1011() {
    let log = logged(|| {
        run(async {
            let handler = async |mut socket: WebSocket| {
                let message = socket.recv().await;
                panic!("{message:?}");
            };
            let mut peer = open(app(WebSockets::new(), handler)).await;
            peer.send("hello").await;
            assert_eq!(peer.closed().await.0, 1011);
            peer.ended().await;
        });
    });
    assert!(log.contains("the handler of a WebSocket panicked"), "{log}");
}

#[test]
fn a_handler_that_closes_has_the_last_word_and_can_hear_the_client_s() {
    run(async {
        let heard = Heard::default();
        let hears = heard.clone();
        let handler = move |mut socket: WebSocket| {
            let heard = hears.clone();
            async move {
                socket.send("last").await.unwrap();
                let frame = CloseFrame::new(CloseCode::new(4001).unwrap(), "enough");
                socket.close(frame).await.unwrap();
                let late = socket.send("too late").await;
                // It may still find room, but is not sent.
                assert!(late.is_ok() || late.unwrap_err().is_closed());
                heard.listen(socket).await;
            }
        };
        let mut peer = open(app(WebSockets::new(), handler)).await;
        peer.send("before").await;
        assert_eq!(peer.next().await, Message::text("last"));
        assert_eq!(peer.closed().await, (4001, "enough".to_owned()));
        assert!(peer.socket.next().await.is_none(), "that was the last");
        heard
            .is(&["before", r#"close 4001 "enough""#, "the end"])
            .await;
    });
}

#[test]
fn a_client_that_closes_is_answered_and_the_handler_hears_why() {
    run(async {
        for (frame, answer, hears) in [
            (None, 1005, "close"),
            (
                Some(Frame {
                    code: 1001.into(),
                    reason: "the page is left".into(),
                }),
                1001,
                r#"close 1001 "the page is left""#,
            ),
        ] {
            let heard = Heard::default();
            let handler = heard.clone();
            let handler = move |socket| handler.clone().listen(socket);
            let mut peer = open(app(WebSockets::new(), handler)).await;
            peer.send("hello").await;
            peer.socket.close(frame).await.unwrap();
            assert_eq!(peer.closed().await.0, answer);
            peer.ended().await;
            heard.is(&["hello", hears, "the end"]).await;
        }
    });
}

#[test]
fn a_client_that_vanishes_is_an_error() {
    run(async {
        let heard = Heard::default();
        let handler = heard.clone();
        let handler = move |socket| handler.clone().listen(socket);
        let mut peer = open(app(WebSockets::new(), handler)).await;
        peer.send("hello").await;
        peer.send("again").await;
        drop(peer.socket);
        heard.is(&["hello", "again", "lost", "the end"]).await;
    });
}

#[test]
fn a_client_that_does_not_answer_a_close_is_not_waited_for() {
    run(async {
        let sockets = WebSockets::new().with_close_timeout(Duration::from_millis(50));
        let mut peer = open(app(sockets, async |_| {})).await;
        // It reads nothing, says nothing, and is hung up on.
        peer.ended().await;
    });
}

#[test]
fn a_handler_that_goes_on_after_the_end_is_dropped() {
    let log = logged(|| {
        run(async {
            let heard = Heard::default();
            let handler = heard.clone().until_dropped();
            let sockets = WebSockets::new().with_close_timeout(Duration::from_millis(50));
            let mut peer = open(app(sockets, handler)).await;
            peer.socket.close(None).await.unwrap();
            assert_eq!(peer.closed().await.0, 1005);
            heard.is(&["the end"]).await;
        });
    });
    assert!(
        log.contains("the handler of a WebSocket is dropped"),
        "{log}"
    );
}

#[test]
fn an_end_behind_a_message_that_nobody_reads_comes_too() {
    run(async {
        let sockets = WebSockets::new().with_close_timeout(Duration::from_millis(50));
        let handler = async |mut socket: WebSocket| {
            let _ = socket.send(vec![0; 1 << 20]).await;
        };
        let mut peer = open(app(sockets, handler)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        peer.ended().await;
        let mut other = open(app(WebSockets::new(), echo)).await;
        other.send("and others are served").await;
        assert!(other.next().await.is_text());
    });
}
