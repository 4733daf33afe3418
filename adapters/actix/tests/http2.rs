//! What the engine's HTTP/2 leaves to the adapter.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use support::start;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use transom::features::{RequestExt, RequestLifetime};
use transom::{Body, Request, Response};
use transom_actix::ActixServer;
use transom_conformance::by_hand::{Serving, until, within};

type Closed = JoinHandle<Result<(), h2::Error>>;

/// A client with prior knowledge, and the end of its connection: an error is one without GOAWAY.
async fn client(serving: &Serving) -> (SendRequest<Bytes>, Closed) {
    let handshake = h2::client::handshake(serving.connect().await.0);
    let (client, connection) = within(handshake).await.unwrap();
    let closed = tokio::spawn(connection);
    (within(client.ready()).await.unwrap(), closed)
}

/// Sends the head of a request, and returns its body and the answer to come.
fn post(client: &mut SendRequest<Bytes>) -> (SendStream<Bytes>, ResponseFuture) {
    let request = http::Request::post("http://a/").body(()).unwrap();
    let (answer, body) = client.send_request(request, false).unwrap();
    (body, answer)
}

fn get(client: &mut SendRequest<Bytes>) -> (SendStream<Bytes>, ResponseFuture) {
    let request = http::Request::get("http://a/").body(()).unwrap();
    let (answer, body) = client.send_request(request, true).unwrap();
    (body, answer)
}

async fn data(body: &mut RecvStream) -> Bytes {
    let data = within(body.data()).await.unwrap().unwrap();
    let _ = body.flow_control().release_capacity(data.len());
    data
}

async fn whole(mut body: RecvStream) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(piece) = within(body.data()).await {
        let piece = piece.unwrap();
        let _ = body.flow_control().release_capacity(piece.len());
        whole.extend_from_slice(&piece);
    }
    whole
}

/// Tells when it is called and when it is dropped, and never answers.
fn waiting() -> (
    impl transom::Application,
    mpsc::UnboundedReceiver<&'static str>,
) {
    struct Dropped(mpsc::UnboundedSender<&'static str>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            let _ = self.0.send("dropped");
        }
    }
    let (told, heard) = mpsc::unbounded_channel();
    let app = move |request: Request| {
        let told = told.clone();
        async move {
            let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
            let disconnected = told.clone();
            tokio::spawn(async move {
                lifetime.disconnected().await;
                let _ = disconnected.send("disconnected");
            });
            let _dropped = Dropped(told.clone());
            let _ = told.send("called");
            let _unread = request;
            pending().await
        }
    };
    (app, heard)
}

async fn expect_gone(heard: &mut mpsc::UnboundedReceiver<&'static str>) {
    let mut said = [within(heard.recv()).await, within(heard.recv()).await];
    said.sort_unstable();
    assert_eq!(said, [Some("disconnected"), Some("dropped")]);
}

#[tokio::test]
async fn a_reset_ends_the_application_and_no_other_stream() {
    let (app, mut heard) = waiting();
    let serving = start(app).await;
    let (mut client, _closed) = client(&serving).await;
    let (_other, _waits) = get(&mut client);
    assert_eq!(within(heard.recv()).await, Some("called"));
    // Whether there is a body, and part of it came, or none.
    for with_body in [true, false] {
        let (mut sending, _answer) = match with_body {
            true => post(&mut client),
            false => get(&mut client),
        };
        if with_body {
            sending.send_data(vec![0; 10_000].into(), false).unwrap();
        }
        assert_eq!(within(heard.recv()).await, Some("called"));
        sending.send_reset(Reason::CANCEL);
        expect_gone(&mut heard).await;
    }
    assert!(heard.try_recv().is_err(), "the other stream ended too");
    serving.serve.abort();
}

#[tokio::test]
async fn a_client_that_goes_away_ends_all_that_it_asked_for() {
    let (app, mut heard) = waiting();
    let serving = start(app).await;
    let (mut client, closed) = client(&serving).await;
    let (_body, _answer) = get(&mut client);
    assert_eq!(within(heard.recv()).await, Some("called"));
    closed.abort();
    expect_gone(&mut heard).await;
    serving.stop().await;
}

#[tokio::test]
async fn a_reset_ends_an_answer_that_has_nothing_to_say() {
    let (told, mut heard) = mpsc::unbounded_channel::<()>();
    let serving = start(move |_: Request| {
        let held = told.clone();
        async move {
            let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"begun"))]);
            let rest = stream::once(async move {
                let _held = held;
                pending().await
            });
            Response::new(Body::from_stream(begun.chain(rest)))
        }
    })
    .await;
    let (mut client, _closed) = client(&serving).await;
    let (mut sending, answer) = get(&mut client);
    let mut body = within(answer).await.unwrap().into_body();
    assert_eq!(data(&mut body).await, "begun");
    sending.send_reset(Reason::CANCEL);
    let statistics = serving.statistics.clone();
    until(|| statistics.is_idle()).await;
    assert!(heard.try_recv().is_err());
    serving.stop().await;
}

#[tokio::test]
async fn a_stop_tells_the_client_and_waits_for_what_it_has_begun() {
    let (go, gone) = watch::channel(false);
    let serving = start(move |request: Request| {
        let mut gone = gone.clone();
        async move {
            let _ = gone.wait_for(|go| *go).await;
            Response::new(request.into_body())
        }
    })
    .await;
    let (mut client, closed) = client(&serving).await;
    let (mut sending, answer) = post(&mut client);
    sending.send_data("before".into(), false).unwrap();
    until(|| serving.statistics.requests() == 1).await;
    serving.trigger.request();
    // GOAWAY: the client may begin nothing more.
    within(async {
        while client.clone().ready().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    assert!(!serving.serve.is_finished());
    sending.send_data(", after".into(), true).unwrap();
    go.send(true).unwrap();
    let answer = within(answer).await.unwrap();
    assert_eq!(whole(answer.into_body()).await, b"before, after");
    drop(client);
    within(closed).await.unwrap().unwrap();
    within(serving.serve).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_idle_connection_is_told_to_go_when_its_time_is_up() {
    let server = ActixServer::new("http://127.0.0.1:0")
        .with_keep_alive_timeout(Duration::from_millis(50))
        .with_http2_initial_window_size(100_000);
    let serving = Serving::start_on(server, async |request: Request| {
        Response::new(request.into_body())
    })
    .await;
    let (mut client, closed) = client(&serving).await;
    let (mut sending, answer) = post(&mut client);
    let answer = within(answer).await.unwrap();
    // It may take longer than an idle connection.
    tokio::time::sleep(Duration::from_millis(50)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    sending.send_data("echo".into(), true).unwrap();
    assert_eq!(whole(answer.into_body()).await, b"echo");
    within(closed).await.unwrap().unwrap();
    serving.stop().await;
}

#[tokio::test]
async fn sixty_four_uploads_share_a_connection() {
    let serving = start(async |request: Request| {
        let whole = request.into_body().collect(1 << 20).await.unwrap();
        Response::new(Body::from(whole))
    })
    .await;
    let (client, _closed) = client(&serving).await;
    let uploads = (0..64_u8).map(|number| {
        let mut client = client.clone();
        async move {
            let (mut sending, answer) = post(&mut client);
            let content = vec![number; 40_000];
            for piece in content.chunks(10_000) {
                let piece = Bytes::copy_from_slice(piece);
                sending.send_data(piece, false).unwrap();
            }
            sending.send_data(Bytes::new(), true).unwrap();
            let answer = within(answer).await.unwrap();
            assert!(whole(answer.into_body()).await == content, "{number}");
        }
    });
    futures_util::future::join_all(uploads).await;
    serving.stop().await;
}
