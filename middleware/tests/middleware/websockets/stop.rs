//! A server that stops, or is gone.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use transom::contract::ShutdownTrigger;
use transom::features::ServerStatistics;
use transom::testing::{TestClient, TestServer};
use transom::{App, BoundServer, Error, Server, Shutdown};
use transom_middleware::websockets::{WebSocket, WebSockets};

use super::heard::Heard;
use super::peer::{Peer, app, open_on, until};
use crate::support::run;

struct Serving {
    client: TestClient,
    statistics: ServerStatistics,
    trigger: ShutdownTrigger,
    server: JoinSet<Result<(), Error>>,
}

async fn serve(app: App) -> Serving {
    let bound = TestServer::new().bind().await.unwrap();
    let client = bound.features().require::<TestClient>().unwrap().clone();
    let statistics = bound.features().require::<ServerStatistics>();
    let statistics = statistics.unwrap().clone();
    let (trigger, shutdown) = Shutdown::pair();
    let mut server = JoinSet::new();
    server.spawn(bound.serve(app, shutdown));
    Serving {
        client,
        statistics,
        trigger,
        server,
    }
}

impl Serving {
    async fn ended(&mut self) {
        self.server.join_next().await.unwrap().unwrap().unwrap();
    }
}

fn listening(sockets: WebSockets, heard: &Heard) -> App {
    let heard = heard.clone();
    app(sockets, move |socket| heard.clone().listen(socket))
}

#[test]
fn every_client_is_told_that_the_server_stops() {
    run(async {
        let heard = Heard::default();
        let mut serving = serve(listening(WebSockets::new(), &heard)).await;
        let mut one = open_on(&serving.client).await;
        let mut two = open_on(&serving.client).await;
        one.send("hello").await;
        until("it is heard", || !heard.all().is_empty()).await;
        serving.trigger.request();
        for peer in [&mut one, &mut two] {
            assert_eq!(peer.closed().await.0, 1001);
            peer.ended().await;
        }
        serving.ended().await;
        assert_eq!(heard.all(), ["hello", "the end", "the end"]);
    });
}

#[test]
fn a_stop_is_not_held_up_by_a_client_that_does_not_answer() {
    run(async {
        let heard = Heard::default();
        let sockets = WebSockets::new().with_close_timeout(Duration::from_millis(50));
        let mut serving = serve(listening(sockets, &heard)).await;
        let peer = open_on(&serving.client).await;
        until("it is open", || serving.statistics.upgraded() == 1).await;
        serving.trigger.request();
        serving.ended().await;
        heard.is(&["the end"]).await;
        drop(peer);
    });
}

#[test]
fn what_was_sent_before_the_stop_goes_out_and_the_end_of_the_handler_is_waited_for() {
    run(async {
        let heard = Heard::default();
        let hears = heard.clone();
        let handler = move |mut socket: WebSocket| {
            let heard = hears.clone();
            async move {
                socket.send("sent").await.unwrap();
                while socket.recv().await.is_some() {}
                assert!(socket.send("too late").await.unwrap_err().is_closed());
                tokio::time::sleep(Duration::from_millis(50)).await;
                heard.note("the end".to_owned());
            }
        };
        let mut serving = serve(app(WebSockets::new(), handler)).await;
        let mut peer = open_on(&serving.client).await;
        serving.trigger.request();
        assert_eq!(peer.next().await, Message::text("sent"));
        assert_eq!(peer.closed().await.0, 1001);
        assert!(peer.socket.next().await.is_none());
        serving.ended().await;
        assert_eq!(
            heard.all(),
            ["the end"],
            "the server was faster than its handler"
        );
    });
}

#[test]
fn a_websocket_that_is_opened_while_the_server_stops_is_closed_at_once() {
    run(async {
        let (go, going) = tokio::sync::watch::channel(false);
        let sockets = WebSockets::new();
        let app = transom::ApplicationBuilder::new().run_fn(move |request: transom::Request| {
            let (mut going, sockets) = (going.clone(), sockets.clone());
            async move {
                going.wait_for(|go| *go).await.unwrap();
                let open = sockets.accept(&request).unwrap();
                open.run(async |mut socket| while socket.recv().await.is_some() {})
            }
        });
        let mut serving = serve(app).await;
        let request = super::peer::asking().body("").unwrap();
        let asking = serving.client.upgrade(request);
        let stopping = async {
            until("it is asked", || serving.statistics.requests() == 1).await;
            serving.trigger.request();
            go.send_replace(true);
        };
        let (answer, ()) = tokio::join!(asking, stopping);
        let mut peer = Peer::over(answer.unwrap().1.unwrap()).await;
        assert_eq!(peer.closed().await.0, 1001);
        peer.ended().await;
        serving.ended().await;
    });
}

#[test]
fn a_server_that_is_gone_takes_its_handlers_along() {
    run(async {
        let heard = Heard::default();
        let handler = heard.clone().until_dropped();
        let sockets = WebSockets::new().with_close_timeout(Duration::from_millis(50));
        let mut serving = serve(app(sockets, handler)).await;
        let mut peer = open_on(&serving.client).await;
        until("it is open", || serving.statistics.upgraded() == 1).await;
        serving.server.abort_all();
        peer.ended().await;
        heard.is(&["the end"]).await;
    });
}
