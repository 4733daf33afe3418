//! What the engine's HTTP/2 leaves to the adapter.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use h2::client::SendRequest;
use h2::{Reason, RecvStream, SendStream};
use http::Method;
use support::{bare, start};
use tokio::sync::mpsc;
use transom::features::{RequestExt, RequestLifetime};
use transom::{Body, Request, Response};
use transom_conformance::by_hand::{Serving, within};
use transom_trillium::TrilliumServer;

async fn echo(request: Request) -> Response {
    Response::new(request.into_body())
}

/// A client with prior knowledge.
async fn client(serving: &Serving) -> SendRequest<Bytes> {
    let (client, connection) = within(h2::client::handshake(serving.connect().await.0))
        .await
        .unwrap();
    tokio::spawn(connection);
    within(client.ready()).await.unwrap()
}

/// Sends the head of a request, and returns its body and the answer to come.
fn begin(
    client: &mut SendRequest<Bytes>,
    request: http::request::Builder,
) -> (SendStream<Bytes>, h2::client::ResponseFuture) {
    let request = request.uri("http://a/").body(()).unwrap();
    let (answer, body) = client.send_request(request, false).unwrap();
    (body, answer)
}

fn post() -> http::request::Builder {
    http::Request::builder().method(Method::POST)
}

async fn data(body: &mut RecvStream) -> Bytes {
    let data = within(body.data()).await.unwrap().unwrap();
    let _ = body.flow_control().release_capacity(data.len());
    data
}

/// Expects a good end.
async fn ends(body: &mut RecvStream) {
    while let Some(last) = within(body.data()).await {
        assert_eq!(last.unwrap(), "");
    }
}

#[tokio::test]
async fn a_body_is_echoed_while_it_is_sent() {
    let serving = start(echo).await;
    let mut client = client(&serving).await;
    let (mut sending, answer) = begin(&mut client, post());
    let mut echoed = within(answer).await.unwrap().into_body();
    for piece in ["one", "two", "three"] {
        sending.send_data(piece.into(), false).unwrap();
        assert_eq!(data(&mut echoed).await, piece);
    }
    sending.send_data(Bytes::new(), true).unwrap();
    ends(&mut echoed).await;
    serving.stop().await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_resets_its_stream_and_no_other() {
    let serving = start(async |request: Request| {
        if request.method() == Method::POST {
            return echo(request).await;
        }
        let begun = stream::iter([Ok(Bytes::from_static(b"begun"))]);
        let broken = stream::iter([Err(std::io::Error::other("broken"))]);
        Response::new(Body::from_stream(begun.chain(broken)))
    })
    .await;
    let mut client = client(&serving).await;
    let (mut sending, answer) = begin(&mut client, post());
    let mut echoed = within(answer).await.unwrap().into_body();
    for _ in 0..3 {
        let request = http::Request::get("http://a/").body(()).unwrap();
        let (answer, _) = client.send_request(request, true).unwrap();
        let mut body = within(answer).await.unwrap().into_body();
        assert_eq!(data(&mut body).await, "begun");
        let error = within(body.data()).await.unwrap().unwrap_err();
        assert!(error.is_reset(), "{error}");
        sending.send_data("still here".into(), false).unwrap();
        assert_eq!(data(&mut echoed).await, "still here");
    }
    sending.send_data(Bytes::new(), true).unwrap();
    ends(&mut echoed).await;
    serving.stop().await;
}

/// Answers at once, and tells what becomes of the body.
fn collecting() -> (
    impl transom::Application,
    mpsc::UnboundedReceiver<Result<Bytes, String>>,
) {
    let (told, heard) = mpsc::unbounded_channel();
    let app = move |request: Request| {
        let told = told.clone();
        async move {
            tokio::spawn(async move {
                let whole = request.into_body().collect(1 << 20).await;
                let _ = told.send(whole.map_err(|error| error.to_string()));
            });
            let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"begun"))]);
            Response::new(Body::from_stream(begun.chain(stream::once(pending()))))
        }
    };
    (app, heard)
}

#[tokio::test]
async fn a_body_is_read_on_behind_its_answer_and_one_that_is_reset_never_just_ends() {
    let (app, mut heard) = collecting();
    let serving = start(app).await;
    let mut client = client(&serving).await;

    let (mut sending, answer) = begin(&mut client, post());
    let answered = within(answer).await.unwrap();
    sending.send_data("all of it".into(), true).unwrap();
    assert_eq!(within(heard.recv()).await.unwrap().unwrap(), "all of it");
    drop(answered);

    let (mut sending, answer) = begin(&mut client, post());
    let _answered = within(answer).await.unwrap();
    sending.send_data("a part".into(), false).unwrap();
    sending.send_reset(Reason::CANCEL);
    assert!(within(heard.recv()).await.unwrap().is_err());

    let (mut sending, answer) = begin(&mut client, post().header("content-length", "9"));
    let _answered = within(answer).await.unwrap();
    sending.send_data("a part".into(), false).unwrap();
    sending.send_reset(Reason::CANCEL);
    assert!(within(heard.recv()).await.unwrap().is_err());
    drop(client);
    serving.serve.abort();
}

#[tokio::test]
async fn a_reset_is_heard_while_the_body_is_not_read() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let serving = start(move |request: Request| {
        let told = told.clone();
        async move {
            let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
            told.send("in").unwrap();
            tokio::spawn(async move {
                lifetime.disconnected().await;
                told.send("gone").unwrap();
            });
            let _unread = request;
            pending().await
        }
    })
    .await;
    let mut client = client(&serving).await;
    let (mut sending, _answer) = begin(&mut client, post());
    sending.send_data(vec![0; 16 * 1024].into(), false).unwrap();
    assert_eq!(within(heard.recv()).await, Some("in"));
    sending.send_reset(Reason::CANCEL);
    assert_eq!(within(heard.recv()).await, Some("gone"));
    serving.stop().await;
}

#[tokio::test]
async fn a_status_that_the_engine_does_not_know_is_sent_as_the_first_of_its_class() {
    let serving = start(async |_: Request| bare(499)).await;
    let mut client = client(&serving).await;
    let request = http::Request::get("http://a/").body(()).unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    assert_eq!(within(answer).await.unwrap().status(), 400);
    serving.stop().await;
}

#[tokio::test]
async fn the_engine_is_configured_and_an_idle_connection_is_told_to_go() {
    let server = TrilliumServer::new("http://127.0.0.1:0")
        .with_configure(|engine| engine.with_h2_max_concurrent_streams(7))
        .with_keep_alive_timeout(Some(Duration::from_millis(50)));
    let serving = Serving::start_on(server, echo).await;
    let (client, connection) = within(h2::client::handshake(serving.connect().await.0))
        .await
        .unwrap();
    let mut client = within(client.ready()).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get("http://a/").body(()).unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    within(answer).await.unwrap();
    assert_eq!(client.current_max_send_streams(), 7);
    // An error would be an end without a word.
    within(connection).await.unwrap().unwrap();
    serving.stop().await;
}

#[tokio::test]
async fn sixty_four_uploads_share_a_connection() {
    let serving = start(async |request: Request| {
        let whole = request.into_body().collect(1 << 20).await.unwrap();
        Response::new(Body::from(whole))
    })
    .await;
    let client = client(&serving).await;
    let uploads = (0..64_u8).map(|number| {
        let mut client = client.clone();
        async move {
            let (mut sending, answer) = begin(&mut client, post());
            let content = vec![number; 40_000];
            for piece in content.chunks(10_000) {
                sending
                    .send_data(Bytes::copy_from_slice(piece), false)
                    .unwrap();
            }
            sending.send_data(Bytes::new(), true).unwrap();
            let mut body = within(answer).await.unwrap().into_body();
            let mut echoed = Vec::new();
            while let Some(piece) = within(body.data()).await {
                let piece = piece.unwrap();
                let _ = body.flow_control().release_capacity(piece.len());
                echoed.extend_from_slice(&piece);
            }
            assert!(
                echoed == content,
                "stream of {number}: {} bytes",
                echoed.len()
            );
        }
    });
    futures_util::future::join_all(uploads).await;
    serving.stop().await;
}
