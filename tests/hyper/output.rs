//! How responses leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use transom::features::{RequestExt, ResponseTrailers};
use transom::{Body, Request, Response};

use crate::support::{says, start, within};

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_and_in_few_pieces() {
    let server = start(|request: Request| async move {
        Response::new(Body::from(request.uri().path().to_owned()))
    })
    .await;
    let mut client = server.connect().await;
    let all: String = (0..100)
        .map(|n| format!("GET /{n:03} HTTP/1.1\r\nhost: a\r\n\r\n"))
        .collect();
    client.send(all).await;
    let answers = client.until("/099").await;
    let paths: Vec<_> = answers.matches('/').collect();
    assert_eq!(paths.len(), 200, "a version and a path each");
    let mut last = 0;
    for n in 0..100 {
        let at = answers.find(&format!("\r\n\r\n/{n:03}")).unwrap();
        assert!(at >= last);
        last = at;
    }
    server.stop().await;
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_rest_of_the_next_request() {
    let server = start(says("done")).await;
    let mut client = server.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nho")
        .await;
    client.until("done").await;
    client.send("st: a\r\n\r\n").await;
    client.until("done").await;
    server.stop().await;
}

#[tokio::test]
async fn a_response_streams_while_the_next_request_waits() {
    let (chunks, receiver) = mpsc::channel::<Result<&'static str, std::io::Error>>(1);
    let receiver = std::sync::Mutex::new(Some(receiver));
    let server = start(move |_: Request| {
        let receiver = receiver.lock().unwrap().take();
        async move {
            Response::new(match receiver {
                Some(mut receiver) => Body::from_stream(futures_util::stream::poll_fn(move |cx| {
                    receiver.poll_recv(cx)
                })),
                None => Body::from("second"),
            })
        }
    })
    .await;
    let mut client = server.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    for chunk in ["one", "two"] {
        chunks.send(Ok(chunk)).await.unwrap();
        client.until(&format!("3\r\n{chunk}\r\n")).await;
    }
    drop(chunks);
    client.until("second").await;
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_stops_the_body_from_being_made() {
    let made = Arc::new(AtomicUsize::new(0));
    let app = {
        let made = Arc::clone(&made);
        move |_: Request| {
            let made = Arc::clone(&made);
            async move {
                let chunk = Bytes::from(vec![b'x'; 8 * 1024]);
                let chunks = futures_util::stream::repeat_with(move || {
                    made.fetch_add(chunk.len(), Ordering::SeqCst);
                    Ok::<_, std::io::Error>(chunk.clone())
                });
                Response::new(Body::from_stream(chunks))
            }
        }
    };
    let server = start(app).await;
    let mut client = server.connect().await;
    // The second request is there, so that hyper has input that it does not look at.
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    let mut last = 0;
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = made.load(Ordering::SeqCst);
        if now == last && now > 0 {
            break;
        }
        last = now;
    }
    let stalled = made.load(Ordering::SeqCst);
    assert!(
        stalled < 50_000_000,
        "{stalled} bytes for a client that reads none"
    );
    let mut buffer = vec![0; 1024 * 1024];
    for _ in 0..40 {
        within(client.0.read_exact(&mut buffer)).await.unwrap();
    }
    assert!(
        made.load(Ordering::SeqCst) > stalled,
        "it goes on when the client does"
    );
    server.serving.abort();
}

#[tokio::test]
async fn large_bodies_arrive_whole() {
    let server = start(|request: Request| async move {
        let size: usize = request.uri().path()[1..].parse().unwrap();
        let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        Response::new(Body::from(bytes))
    })
    .await;
    let mut client = server.connect().await;
    for size in [0, 1, 16_000, 16_384, 16_385, 100_000, 5_000_000, 3] {
        client
            .send(format!("GET /{size} HTTP/1.1\r\nhost: a\r\n\r\n"))
            .await;
        let head = client.until("\r\n\r\n").await;
        assert!(
            head.contains(&format!("content-length: {size}\r\n")),
            "{head}"
        );
        let mut body = vec![0; size];
        within(client.0.read_exact(&mut body)).await.unwrap();
        assert!(
            body.iter()
                .enumerate()
                .all(|(n, byte)| *byte == (n % 251) as u8)
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn trailers_are_offered_to_a_client_that_takes_them() {
    let server = start(|request: Request| async move {
        let offered = request.feature::<ResponseTrailers>().is_some();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("42"));
        let body = Body::from(format!("offered {offered}"));
        let mut response = Response::new(body.with_trailers(trailers));
        response
            .headers_mut()
            .insert("trailer", HeaderValue::from_static("x-sum"));
        response
    })
    .await;
    let mut client = server.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n")
        .await;
    let answer = client.until("x-sum: 42\r\n\r\n").await;
    assert!(answer.contains("offered true"), "{answer}");
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let answer = client.until("offered false").await;
    assert!(answer.contains("content-length: 13\r\n"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_panic_costs_its_answer_and_nothing_more() {
    let server = start(|request: Request| async move {
        assert!(request.uri().path() != "/panic", "as it was asked to");
        Response::new(Body::from("done"))
    })
    .await;
    let mut client = server.connect().await;
    client.send("GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 500 "));
    let mut other = server.connect().await;
    other.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    other.until("done").await;
    server.stop().await;
}

#[tokio::test]
async fn a_panic_before_there_is_a_future_is_answered_too() {
    let server = start(|request: Request| {
        assert!(request.uri().path() != "/panic", "as it was asked to");
        async { Response::new(Body::from("done")) }
    })
    .await;
    let mut client = server.connect().await;
    client.send("GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 500 "));
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.until("done").await;
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_fails_has_no_last_chunk() {
    let server = start(|_: Request| async {
        let chunks = [Ok("first"), Err(std::io::Error::other("broken"))];
        Response::new(Body::from_stream(futures_util::stream::unfold(
            chunks.into_iter(),
            |mut chunks| async {
                tokio::task::yield_now().await;
                chunks.next().map(|chunk| (chunk, chunks))
            },
        )))
    })
    .await;
    let answer = server.exchange("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(answer.ends_with("5\r\nfirst\r\n"), "{answer}");
    server.stop().await;
}
