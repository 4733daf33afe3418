//! Over HTTP/2, where a WebSocket is one stream among others; RFC 8441.

use bytes::Bytes;
use http::{Method, Request, Version};
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use transom::features::{ServerAddresses, Upgraded};
use transom::{BoundServer, HyperServer, Server, Shutdown};
use transom_middleware::websockets::{WebSocket, WebSockets};

use super::peer::{Peer, app};
use crate::support::run;

fn connect() -> http::request::Builder {
    Request::builder()
        .method(Method::CONNECT)
        .version(Version::HTTP_2)
        .uri("http://example.com/chat")
        .extension(Protocol::from_static("websocket"))
        .header("origin", "http://example.com")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-protocol", "chat")
}

#[test]
fn an_extended_connect_opens_it_and_a_stop_closes_it() {
    run(async {
        let handler = async |mut socket: WebSocket| {
            while let Some(Ok(message)) = socket.recv().await {
                let _ = socket.send(message).await;
            }
        };
        let sockets = WebSockets::new().with_protocols(["chat"]).unwrap();
        let bound = HyperServer::new("http://127.0.0.1:0").bind().await.unwrap();
        let addresses = bound.features().require::<ServerAddresses>().unwrap();
        let address = addresses.bound()[0].socket_addrs()[0];
        let (trigger, shutdown) = Shutdown::pair();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { bound.serve(app(sockets, handler), shutdown).await.unwrap() });

        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (mut client, connection) = http2::handshake(TokioExecutor::new(), stream)
            .await
            .unwrap();
        tasks.spawn(async move { connection.await.unwrap() });

        let refused = connect().header("origin", "http://evil.example");
        let refused = refused.body(Empty::<Bytes>::new()).unwrap();
        assert_eq!(client.send_request(refused).await.unwrap().status(), 403);
        let plain = Request::get("http://example.com/chat")
            .body(Empty::new())
            .unwrap();
        assert_eq!(client.send_request(plain).await.unwrap().status(), 400);

        let request = connect().body(Empty::new()).unwrap();
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
        assert!(!response.headers().contains_key("sec-websocket-accept"));
        let stream = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        let mut peer = Peer::over(Upgraded::from_tokio(stream)).await;
        peer.send("over HTTP/2").await;
        assert_eq!(peer.next().await, Message::text("over HTTP/2"));
        peer.send(vec![7; 200_000]).await;
        assert_eq!(peer.next().await, Message::binary(vec![7; 200_000]));

        trigger.request();
        assert_eq!(peer.closed().await.0, 1001);
        peer.ended().await;
        drop(client);
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
    });
}
