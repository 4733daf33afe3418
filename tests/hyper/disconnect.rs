//! Clients that go away while the application works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use transom::features::{RequestExt, RequestLifetime};
use transom::{Application, Body, HyperServer, Request, Response};

use crate::support::{eventually, says, start, start_with, within};

/// Sends `gone` when the client is, and `dropped` when the future is dropped unfinished.
fn watchful(events: mpsc::UnboundedSender<&'static str>, answers: bool) -> impl Application {
    struct Unfinished(Option<mpsc::UnboundedSender<&'static str>>);
    impl Drop for Unfinished {
        fn drop(&mut self) {
            if let Some(events) = &self.0 {
                let _ = events.send("dropped");
            }
        }
    }
    move |request: Request| {
        let events = events.clone();
        async move {
            let mut unfinished = Unfinished(Some(events.clone()));
            let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
            let _ = events.send("began");
            lifetime.disconnected().await;
            let _ = events.send("gone");
            if !answers {
                std::future::pending::<()>().await;
            }
            unfinished.0 = None;
            Response::new(Body::from("answered"))
        }
    }
}

#[tokio::test]
async fn a_client_that_closes_its_side_is_gone_and_still_answered() {
    let (events, mut seen) = mpsc::unbounded_channel();
    let server = start(watchful(events, true)).await;
    // With input that hyper has not asked for in front of the end, too.
    for more in ["", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"] {
        let mut client = server.connect().await;
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert_eq!(within(seen.recv()).await, Some("began"));
        client.send(more).await;
        client.0.shutdown().await.unwrap();
        assert_eq!(within(seen.recv()).await, Some("gone"));
        client.until("answered").await;
        if !more.is_empty() {
            assert_eq!(within(seen.recv()).await, Some("began"));
            drop(client);
        }
    }
    server.serving.abort();
}

#[tokio::test]
async fn a_request_that_ends_with_the_input_is_answered() {
    let server = start(says("answered")).await;
    for _ in 0..50 {
        let mut client = server.connect().await;
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        client.0.shutdown().await.unwrap();
        assert!(client.rest().await.ends_with("answered"));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_reset_drops_the_future() {
    let (events, mut seen) = mpsc::unbounded_channel();
    let server = start(watchful(events, false)).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(within(seen.recv()).await, Some("began"));
    client.reset();
    assert_eq!(within(seen.recv()).await, Some("dropped"));
    server.stop().await;
}

#[tokio::test]
async fn without_half_close_the_end_of_input_drops_the_future() {
    let (events, mut seen) = mpsc::unbounded_channel();
    let strict = HyperServer::new("http://127.0.0.1:0").with_half_close(false);
    let server = start_with(strict, watchful(events, false)).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(within(seen.recv()).await, Some("began"));
    client.0.shutdown().await.unwrap();
    assert_eq!(within(seen.recv()).await, Some("dropped"));
    assert_eq!(client.rest().await, "");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_goes_while_the_response_streams_is_gone() {
    let dropped = Arc::new(AtomicBool::new(false));
    let (lifetimes, mut lifetime) = mpsc::unbounded_channel();
    struct OnDrop(Arc<AtomicBool>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let app = {
        let dropped = Arc::clone(&dropped);
        move |request: Request| {
            let _ = lifetimes.send(request.feature::<RequestLifetime>().unwrap().clone());
            let on_drop = OnDrop(Arc::clone(&dropped));
            async move {
                let first = futures_util::stream::iter([Ok::<_, std::io::Error>("first")]);
                let then = futures_util::stream::once(async move {
                    let _on_drop = on_drop;
                    std::future::pending().await
                });
                Response::new(Body::from_stream(futures_util::StreamExt::chain(
                    first, then,
                )))
            }
        }
    };
    let server = start(app).await;
    for resets in [false, true] {
        let mut client = server.connect().await;
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        client.until("first\r\n").await;
        let lifetime = within(lifetime.recv()).await.unwrap();
        assert!(!lifetime.is_disconnected());
        if resets {
            client.reset();
        } else {
            client.0.shutdown().await.unwrap();
        }
        within(lifetime.disconnected()).await;
        // One that closed its side may still read.
        eventually("the body is dropped", || {
            dropped.load(Ordering::SeqCst) == resets
        })
        .await;
    }
    server.serving.abort();
}

#[tokio::test]
async fn an_abort_closes_without_an_answer_also_behind_an_answered_request() {
    let count = AtomicUsize::new(0);
    let server = start(move |request: Request| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if !first {
                request.feature::<RequestLifetime>().unwrap().abort();
            }
            Response::new(Body::from("answered"))
        }
    })
    .await;
    let twice = "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(2);
    let answer = server.exchange(twice).await;
    assert_eq!(answer.matches("answered").count(), 1, "{answer}");
    assert!(answer.ends_with("answered"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn an_abort_ends_a_response_that_streams_nothing() {
    let (lifetimes, mut lifetime) = mpsc::unbounded_channel();
    let server = start(move |request: Request| {
        let _ = lifetimes.send(request.feature::<RequestLifetime>().unwrap().clone());
        async {
            let never = futures_util::stream::pending::<Result<&'static str, std::io::Error>>();
            Response::new(Body::from_stream(never))
        }
    })
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.until("\r\n\r\n").await;
    within(lifetime.recv()).await.unwrap().abort();
    assert_eq!(client.rest().await, "", "no last chunk");
    server.stop().await;
}
