//! Clients that say nothing.

use std::time::Duration;

use futures_util::StreamExt;
use tokio_tungstenite::tungstenite::Message;
use transom_middleware::websockets::{WebSocket, WebSockets};

use super::heard::Heard;
use super::peer::{app, frame, open};
use crate::support::run;

const SHORT: Option<Duration> = Some(Duration::from_millis(30));

fn impatient() -> WebSockets {
    WebSockets::new()
        .with_keep_alive_interval(SHORT)
        .with_keep_alive_timeout(SHORT)
}

#[test]
fn a_client_that_gives_no_sign_of_life_is_given_up() {
    run(async {
        let heard = Heard::default();
        let handler = heard.clone();
        let handler = move |socket| handler.clone().listen(socket);
        let mut peer = open(app(impatient(), handler)).await;
        // It reads, but the answer is not written.
        peer.ended().await;
        heard.is(&["timeout", "the end"]).await;
    });
}

#[test]
fn a_client_that_answers_pings_stays() {
    run(async {
        let heard = Heard::default();
        let handler = heard.clone();
        let handler = move |socket| handler.clone().listen(socket);
        let sockets = impatient().with_keep_alive_timeout(Some(Duration::from_secs(5)));
        let mut peer = open(app(sockets, handler)).await;
        for _ in 0..5 {
            // Its library answers when it is asked for more.
            assert_eq!(peer.next().await, Message::Ping(Default::default()));
        }
        peer.send("still here").await;
        peer.socket.close(None).await.unwrap();
        heard.is(&["still here", "close", "the end"]).await;
    });
}

#[test]
fn a_client_that_sends_slowly_is_not_asked() {
    run(async {
        let heard = Heard::default();
        let handler = heard.clone();
        let handler = move |socket| handler.clone().listen(socket);
        let sockets = impatient().with_keep_alive_interval(Some(Duration::from_millis(500)));
        let mut peer = open(app(sockets, handler)).await;
        for byte in frame(0x81, &[b'a'; 40]) {
            peer.write(&[byte]).await;
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        peer.socket.close(None).await.unwrap();
        let rest: Vec<_> = peer.socket.by_ref().map(Result::unwrap).collect().await;
        assert_eq!(rest, [Message::Close(None)]);
        heard.is(&[&"a".repeat(40), "close", "the end"]).await;
    });
}

#[test]
fn a_client_whose_messages_the_handler_does_not_take_is_not_given_up() {
    run(async {
        let (go, going) = tokio::sync::watch::channel(false);
        let heard = Heard::default();
        let hears = heard.clone();
        let handler = move |socket: WebSocket| {
            let (heard, mut going) = (hears.clone(), going.clone());
            async move {
                going.wait_for(|go| *go).await.unwrap();
                heard.listen(socket).await;
            }
        };
        let sockets = impatient().with_keep_alive_interval(Some(Duration::from_millis(100)));
        let mut peer = open(app(sockets, handler)).await;
        peer.send("one").await;
        peer.send("two").await;
        for _ in 0..4 {
            assert_eq!(peer.next().await, Message::Ping(Default::default()));
        }
        go.send_replace(true);
        peer.socket.close(None).await.unwrap();
        heard.is(&["one", "two", "close", "the end"]).await;
    });
}
