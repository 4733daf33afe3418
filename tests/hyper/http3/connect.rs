//! Streams that leave HTTP; RFC 9220.

use axum::extract::ws::{Message, WebSocketUpgrade};
use futures_util::{AsyncReadExt as _, AsyncWriteExt as _};
use http::StatusCode;
use quinn::{RecvStream, SendStream};
use tower::ServiceExt as _;
use transom::features::{ExtendedConnect, RequestExt, ServerLifetime, Upgrade};
use transom::{Body, Request, Response};
use transom_middleware::websockets::{WebSocket, WebSockets};

use super::client::{
    Client, DATA, FRAME_UNEXPECTED, GET, HEADERS, MESSAGE_ERROR, NO_ERROR, data, headers,
    next_frame, reply, section, status,
};
use super::server::{SHORT, start};
use crate::limits::long;
use crate::support::{eventually, within};

const WEBSOCKET: [(&str, &str); 6] = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "https"),
    (":path", "/chat?x"),
    (":authority", "a"),
    ("sec-websocket-version", "13"),
];

/// Sends back what it gets, if it is asked to.
async fn echo(request: Request) -> Response {
    let mut response = Response::default();
    let Some(upgrade) = request.feature::<dyn Upgrade>() else {
        return Response::new(Body::from("none"));
    };
    let upgrading = match upgrade.accept() {
        Ok(upgrading) => upgrading,
        Err(error) => {
            assert!(error.is_too_many());
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return response;
        }
    };
    tokio::spawn(async move {
        let (reader, mut writer) = upgrading.await.unwrap().split();
        let _ = futures_util::io::copy(reader, &mut writer).await;
        let _ = writer.close().await;
    });
    if request.uri().query() == Some("as-http1") {
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert("upgrade", "websocket".parse().unwrap());
    }
    response
}

async fn ask(client: &Client, fields: &[(&str, &str)]) -> (SendStream, RecvStream, u16) {
    let (send, mut receive) = client.begin(&headers(&section(fields))).await;
    let (kind, head) = next_frame(&mut receive).await.unwrap();
    assert_eq!(kind, HEADERS);
    (send, receive, status(&head))
}

async fn echoes(send: &mut SendStream, receive: &mut RecvStream) {
    for piece in [&b"to and fro"[..], b"once more"] {
        send.write_all(&data(piece)).await.unwrap();
        assert_eq!(next_frame(receive).await, Some((DATA, piece.to_vec())));
    }
}

#[tokio::test]
async fn a_stream_that_is_accepted_is_bytes_both_ways() {
    let server = start(long(), echo).await;
    let statistics = server.running.statistics.clone();
    let client = server.connect().await;
    let (mut send, mut receive, status) = ask(&client, &WEBSOCKET).await;
    assert_eq!(status, 200);
    echoes(&mut send, &mut receive).await;
    assert_eq!((statistics.upgraded(), statistics.connections()), (1, 1));
    eventually("the request is over", || statistics.requests() == 0).await;
    // The connection carries others beside it.
    let mut other = WEBSOCKET;
    other[3] = (":path", "/?as-http1");
    let (mut other, mut other_receive, status) = ask(&client, &other).await;
    assert_eq!(status, 200);
    echoes(&mut other, &mut other_receive).await;
    assert_eq!(reply(client.ask(GET).await).await.unwrap().body, b"none");
    // The end of one is not the other's.
    send.write_all(&data(b"last")).await.unwrap();
    send.finish().unwrap();
    assert_eq!(
        next_frame(&mut receive).await,
        Some((DATA, b"last".to_vec()))
    );
    assert_eq!(next_frame(&mut receive).await, None);
    eventually("it is no longer counted", || statistics.upgraded() == 1).await;
    other.reset(0x10c_u32.into()).unwrap();
    eventually("a reset ends it", || statistics.is_idle()).await;
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn the_application_sees_what_is_asked_for_and_may_say_no() {
    let tells = |request: Request| async move {
        let asked = request.feature::<ExtendedConnect>().unwrap();
        let host = request.headers()["host"].to_str().unwrap();
        let seen = format!(
            "{} {} {} {host}",
            request.method(),
            asked.protocol(),
            request.uri()
        );
        let mut response = Response::new(Body::from(seen));
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    };
    let server = start(long(), tells).await;
    let client = server.connect().await;
    let (_send, receive) = client.begin(&headers(&section(&WEBSOCKET))).await;
    let answer = reply(receive).await.unwrap();
    assert_eq!(
        (answer.status, &answer.body[..]),
        (404, &b"CONNECT websocket /chat?x a"[..])
    );
    // No other method asks so.
    let mut get = WEBSOCKET;
    get[0] = (":method", "GET");
    let malformed = client.ask(&section(&get)).await;
    assert_eq!(reply(malformed).await.unwrap_err(), MESSAGE_ERROR);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn there_are_no_more_upgraded_streams_than_there_may_be() {
    let server = start(long().with_max_upgraded_connections(Some(1)), echo).await;
    let statistics = server.running.statistics.clone();
    let client = server.connect().await;
    let (mut send, _receive, status) = ask(&client, &WEBSOCKET).await;
    assert_eq!(status, 200);
    assert_eq!(ask(&client, &WEBSOCKET).await.2, 503);
    send.reset(0x10c_u32.into()).unwrap();
    eventually("there is room again", || statistics.upgraded() == 0).await;
    assert_eq!(ask(&client, &WEBSOCKET).await.2, 200);
    assert_eq!(
        server.rejections(),
        [("max_upgraded_connections_exceeded", Some(503))]
    );
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn no_time_runs_on_an_upgraded_stream() {
    let limits = long()
        .with_keep_alive_timeout(Some(SHORT))
        .with_request_head_timeout(Some(SHORT))
        .with_max_connection_age(Some(SHORT))
        .with_max_connection_age_grace(Some(SHORT));
    let server = start(limits, echo).await;
    let client = server.connect().await;
    let (mut send, mut receive, _) = ask(&client, &WEBSOCKET).await;
    tokio::time::sleep(SHORT * 5).await;
    echoes(&mut send, &mut receive).await;
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn fields_in_a_tunnel_break_the_protocol() {
    let server = start(long(), echo).await;
    let client = server.connect().await;
    let (mut send, _receive, _) = ask(&client, &WEBSOCKET).await;
    send.write_all(&headers(&section(&[("x", "y")])))
        .await
        .unwrap();
    assert_eq!(client.closed().await, FRAME_UNEXPECTED);
    server.stop().await;
}

#[tokio::test]
async fn a_stop_waits_for_an_upgraded_stream_which_hears_of_it() {
    let says_goodbye = |request: Request| async move {
        let upgrading = request.feature::<dyn Upgrade>().unwrap().accept().unwrap();
        let lifetime = request.feature::<ServerLifetime>().unwrap().clone();
        tokio::spawn(async move {
            let mut stream = upgrading.await.unwrap();
            lifetime.stopping().await;
            stream.write_all(b"goodbye").await.unwrap();
            stream.close().await.unwrap();
        });
        Response::default()
    };
    let server = start(long(), says_goodbye).await;
    let client = server.connect().await;
    let (_send, mut receive, _) = ask(&client, &WEBSOCKET).await;
    server.running.trigger.request();
    assert_eq!(
        next_frame(&mut receive).await,
        Some((DATA, b"goodbye".to_vec()))
    );
    // The application has dropped the stream: nothing is waited for.
    assert_eq!(next_frame(&mut receive).await, None);
    assert_eq!(client.closed().await, NO_ERROR);
    within(server.running.serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_is_gone_before_the_answer_cancels() {
    let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let waits = move |request: Request| {
        let upgrading = request.feature::<dyn Upgrade>().unwrap().accept().unwrap();
        let heard = heard.clone();
        tokio::spawn(async move {
            let _request = request;
            heard.send("accepted").unwrap();
            assert!(upgrading.await.unwrap_err().is_cancelled());
            heard.send("cancelled").unwrap();
        });
        std::future::pending::<Response>()
    };
    let server = start(long(), waits).await;
    let client = server.connect().await;
    let stream = client.begin(&headers(&section(&WEBSOCKET))).await;
    assert_eq!(within(hears.recv()).await, Some("accepted"));
    drop((stream, client));
    assert_eq!(within(hears.recv()).await, Some("cancelled"));
    server.stop().await;
}

#[tokio::test]
async fn the_websocket_of_axum_works() {
    let router = axum::Router::new().route(
        "/chat",
        axum::routing::any(|upgrade: WebSocketUpgrade| async {
            upgrade.on_upgrade(|mut socket| async move {
                while let Some(Ok(Message::Text(text))) = socket.recv().await {
                    let answer = format!("you said {text}");
                    socket.send(Message::Text(answer.into())).await.unwrap();
                }
            })
        }),
    );
    let app = move |request: Request| {
        let router = router.clone();
        async move {
            let request = request.map(axum::body::Body::new);
            router.oneshot(request).await.unwrap().map(Body::new)
        }
    };
    let server = start(long(), app).await;
    let client = server.connect().await;
    let (mut send, mut receive, status) = ask(&client, &WEBSOCKET).await;
    assert_eq!(status, 200);
    // A text, masked with zeros; RFC 6455, section 5.2.
    send.write_all(&data(b"\x81\x82\0\0\0\0hi")).await.unwrap();
    assert_eq!(carried(&mut receive, 13).await, b"\x81\x0byou said hi");
    drop(client);
    server.stop().await;
}

/// Reads what a stream carries until there is as much.
async fn carried(receive: &mut RecvStream, length: usize) -> Vec<u8> {
    let mut carried = Vec::new();
    while carried.len() < length {
        carried.extend(next_frame(receive).await.unwrap().1);
    }
    carried
}

#[tokio::test]
async fn a_websocket_is_told_that_the_server_stops() {
    let sockets = WebSockets::new();
    let app = move |request: Request| {
        std::future::ready(match sockets.accept(&request) {
            Ok(upgrade) => upgrade.run(async |mut socket: WebSocket| {
                while let Some(Ok(message)) = socket.recv().await {
                    socket.send(message).await.unwrap();
                }
            }),
            Err(refused) => refused.into_response(),
        })
    };
    let server = start(long(), app).await;
    let client = server.connect().await;
    let (mut send, mut receive, status) = ask(&client, &WEBSOCKET).await;
    assert_eq!(status, 200);
    // Masked with zeros; RFC 6455, section 5.2.
    send.write_all(&data(b"\x81\x82\0\0\0\0hi")).await.unwrap();
    assert_eq!(carried(&mut receive, 4).await, b"\x81\x02hi");

    server.running.trigger.request();
    let close = carried(&mut receive, 4).await;
    let (head, code) = (close[0], u16::from_be_bytes([close[2], close[3]]));
    assert_eq!((head, code), (0x88, 1001), "{close:?}");
    send.write_all(&data(b"\x88\x82\0\0\0\0\x03\xe9"))
        .await
        .unwrap();
    assert_eq!(client.closed().await, NO_ERROR);
    within(server.running.serving).await.unwrap().unwrap();
}
