//! Bodies of requests that the application does not read.

use http_body::Body as _;
use transom::body::Error;
use transom::{Body, HyperServer, Request, Response};

use crate::support::{says, start, start_with};

#[tokio::test]
async fn a_small_rest_is_dropped_and_the_connection_used_again() {
    let server = start(says("done")).await;
    let mut client = server.connect().await;
    for length in [1, 10_000, 600_000, 5] {
        client
            .send(format!(
                "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n"
            ))
            .await;
        let answer = client.until("done").await;
        assert!(!answer.contains("connection: close"), "{length}: {answer}");
        // The answer came first; the body follows all the same.
        client.send("x".repeat(length)).await;
    }
    client
        .send(format!(
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
            "5\r\nabcde\r\n".repeat(5_000)
        ))
        .await;
    client.until("done").await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.until("done").await;
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_was_read_to_its_trailers_is_no_rest() {
    let echo = |request: Request| async { Response::new(request.into_body()) };
    let server = start(echo).await;
    let mut client = server.connect().await;
    for text in ["one", "two", "three"] {
        client
            .send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
        let head = client.until("\r\n\r\n").await;
        assert!(!head.contains("connection: close"), "{head}");
        let length = text.len();
        client
            .send(format!("{length}\r\n{text}\r\n0\r\nx-sum: 1\r\n\r\n"))
            .await;
        client
            .until(&format!("{length}\r\n{text}\r\n0\r\n\r\n"))
            .await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_large_rest_closes_the_connection_and_the_answer_arrives() {
    let server = start(says("done")).await;
    let length = 20_000_000;
    let mut client = server.connect().await;
    client
        .send(format!(
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n"
        ))
        .await;
    // A client that reads only after it has sent everything.
    client.send("x".repeat(length)).await;
    let answer = client.rest().await;
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\ndone"), "{answer}");
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn an_endless_rest_closes_the_connection_and_the_answer_arrives() {
    let server = start(says("done")).await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    for _ in 0..500 {
        client
            .send(format!("2710\r\n{}\r\n", "x".repeat(10_000)))
            .await;
    }
    let answer = client.rest().await;
    assert!(answer.ends_with("\r\n\r\ndone"), "{answer}");
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_was_not_asked_for_is_not_waited_for() {
    let server = start(says("done")).await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n")
        .await;
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_is_read_is_asked_for_then() {
    let (read, wait) = tokio::sync::oneshot::channel::<()>();
    let wait = std::sync::Mutex::new(Some(wait));
    let server = start(move |request: Request| {
        let wait = wait.lock().unwrap().take();
        async move {
            if let Some(wait) = wait {
                let _ = wait.await;
            }
            Response::new(Body::from(request.into_body().collect(10).await.unwrap()))
        }
    })
    .await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n")
        .await;
    let mut byte = [0];
    let early = tokio::time::timeout(
        std::time::Duration::from_millis(50),
        client.0.peek(&mut byte),
    );
    assert!(early.await.is_err(), "100 before the body is read");
    read.send(()).unwrap();
    client.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    client.send("hello").await;
    assert!(
        client
            .until("hello")
            .await
            .starts_with("HTTP/1.1 200 OK\r\n")
    );
    server.stop().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_an_error_and_the_answer_arrives() {
    let app = |request: Request| async move {
        let error: Error = request.into_body().collect(usize::MAX).await.unwrap_err();
        Response::new(Body::from(error.to_string()))
    };
    let limited = HyperServer::new("http://127.0.0.1:0").with_max_request_body_size(Some(10));
    let server = start_with(limited, app).await;
    let answer = server
        .exchange(format!(
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3000000\r\n\r\n{}",
            "x".repeat(3_000_000)
        ))
        .await;
    assert!(
        answer.ends_with("longer than the limit of 10 bytes"),
        "{answer}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_stops_short_is_a_disconnect_and_a_malformed_one_is_not() {
    let app = |request: Request| async move {
        assert!(!request.body().is_end_stream());
        let error = request.into_body().collect(1000).await.unwrap_err();
        Response::new(Body::from(format!("disconnect {}", error.is_disconnect())))
    };
    let server = start(app).await;
    for (body, disconnect) in [
        ("content-length: 10\r\n\r\nabc", true),
        ("transfer-encoding: chunked\r\n\r\n3\r\nabc", true),
        ("transfer-encoding: chunked\r\n\r\n3\r\nabcxx", false),
        ("transfer-encoding: chunked\r\n\r\nzz\r\n", false),
    ] {
        let mut client = server.connect().await;
        client
            .send(format!("POST / HTTP/1.1\r\nhost: a\r\n{body}"))
            .await;
        tokio::io::AsyncWriteExt::shutdown(&mut client.0)
            .await
            .unwrap();
        let answer = client.rest().await;
        assert!(
            answer.ends_with(&format!("disconnect {disconnect}")),
            "{body:?} -> {answer}"
        );
    }
    server.stop().await;
}
