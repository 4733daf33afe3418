//! How connections end, and what of TLS an upgraded one sees.

use std::io::ErrorKind;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};
use transom::features::{RequestExt, RequestLifetime, Upgrade};
use transom::{Body, Request, Response};

use super::{Authority, TlsClient, https};
use crate::support::{eventually, says, start_with, within};

const NAME: &str = "a.example";

#[tokio::test]
async fn the_server_says_that_it_ends() {
    let authority = Authority::new();
    let server = start_with(https(authority.server(&[NAME]).pem()), says("hi")).await;
    let mut client = TlsClient::new(&authority)
        .connect(&server, NAME)
        .await
        .unwrap();
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    client.until("hi").await;
    let stop = tokio::spawn(server.stop());
    // `rest` fails on an end without close_notify.
    assert_eq!(client.rest().await.unwrap(), "");
    within(stop).await.unwrap();
}

#[tokio::test]
async fn a_client_that_ends_its_sending_side_is_still_answered() {
    let authority = Authority::new();
    let server = start_with(
        https(authority.server(&[NAME]).pem()),
        |request: Request| async move {
            let lifetime = request.features().get_shared::<RequestLifetime>().unwrap();
            within(lifetime.disconnected()).await;
            Response::new(Body::from("late"))
        },
    )
    .await;
    // With close_notify, and by the socket alone.
    for orderly in [true, false] {
        let mut client = TlsClient::new(&authority)
            .connect(&server, NAME)
            .await
            .unwrap();
        client
            .send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        match orderly {
            true => client.0.shutdown().await.unwrap(),
            false => client.0.get_mut().0.shutdown().await.unwrap(),
        }
        let answer = client.rest().await.unwrap();
        assert!(answer.ends_with("late"), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_to_the_application() {
    let authority = Authority::new();
    let (told, mut ends) = mpsc::unbounded_channel();
    let server = start_with(
        https(authority.server(&[NAME]).pem()),
        move |request: Request| {
            let told = told.clone();
            async move {
                told.send(request.into_body().collect(100).await.is_err())
                    .unwrap();
                Response::new(Body::empty())
            }
        },
    )
    .await;
    for orderly in [true, false] {
        let mut client = TlsClient::new(&authority)
            .connect(&server, NAME)
            .await
            .unwrap();
        let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf";
        client.send(head).await.unwrap();
        match orderly {
            true => client.0.shutdown().await.unwrap(),
            false => drop(client),
        }
        assert_eq!(within(ends.recv()).await, Some(true));
    }
    server.stop().await;
}

#[tokio::test]
async fn bytes_that_tls_has_decrypted_already_are_not_forgotten() {
    // Two requests in one record: the second waits within TLS while the socket has nothing to read.
    let authority = Authority::new();
    let server = start_with(
        https(authority.server(&[NAME]).pem()),
        |request: Request| async move {
            let path = request.uri().path().to_owned();
            Response::new(Body::from(path))
        },
    )
    .await;
    let mut client = TlsClient::new(&authority)
        .connect(&server, NAME)
        .await
        .unwrap();
    let one = "GET /1 HTTP/1.1\r\nhost: a\r\n\r\n";
    let two = "GET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    client.send(format!("{one}{two}")).await.unwrap();
    let answer = client.rest().await.unwrap();
    assert!(answer.contains("/1") && answer.ends_with("/2"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_large_body_to_a_client_that_reads_late_arrives_whole() {
    let authority = Authority::new();
    let large = Bytes::from((0..8 << 20).map(|at| (at % 251) as u8).collect::<Vec<_>>());
    let sent = large.clone();
    let server = start_with(https(authority.server(&[NAME]).pem()), move |_: Request| {
        let pieces = [
            sent.slice(..100),
            sent.slice(100..30_000),
            sent.slice(30_000..),
        ];
        let frames = pieces.map(|piece| Ok::<_, std::io::Error>(http_body::Frame::data(piece)));
        let body = http_body_util::StreamBody::new(futures_util::stream::iter(frames));
        async move { Response::new(Body::new(body)) }
    })
    .await;
    let mut client = TlsClient::new(&authority)
        .connect(&server, NAME)
        .await
        .unwrap();
    let head = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    client.send(head).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let mut read = Vec::new();
    within(client.0.read_to_end(&mut read)).await.unwrap();
    let at = read.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    let (mut rest, mut body) = (&read[at..], Vec::new());
    while let Some(end) = rest.windows(2).position(|end| end == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
        if size == 0 {
            break;
        }
    }
    assert!(body == large, "{} of {} bytes", body.len(), large.len());
    server.stop().await;
}

#[tokio::test]
async fn an_upgraded_connection_tells_an_end_from_a_break() {
    let authority = Authority::new();
    let (told, mut ends) = mpsc::unbounded_channel();
    let server = start_with(
        https(authority.server(&[NAME]).pem()),
        move |request: Request| {
            let upgrading = request.feature::<dyn Upgrade>().unwrap().accept().unwrap();
            let told = told.clone();
            async move {
                tokio::spawn(async move {
                    let mut io = upgrading.await.unwrap();
                    let mut read = Vec::new();
                    io.write_all(b"go").await.unwrap();
                    io.flush().await.unwrap();
                    let end = io
                        .read_to_end(&mut read)
                        .await
                        .map_err(|error| error.kind());
                    told.send((end, read)).unwrap();
                });
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
                response
                    .headers_mut()
                    .insert("upgrade", "echo".parse().unwrap());
                response
            }
        },
    )
    .await;
    for orderly in [true, false] {
        let mut client = TlsClient::new(&authority)
            .connect(&server, NAME)
            .await
            .unwrap();
        let head = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
        client.send(head).await.unwrap();
        client.until("go").await;
        client.send("abc").await.unwrap();
        match orderly {
            true => client.0.shutdown().await.unwrap(),
            false => client.0.get_mut().0.shutdown().await.unwrap(),
        }
        let (end, read) = within(ends.recv()).await.unwrap();
        assert_eq!(read, b"abc");
        match orderly {
            true => assert_eq!(end, Ok(3)),
            false => assert_eq!(end, Err(ErrorKind::UnexpectedEof)),
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn dropping_the_server_ends_connections_without_saying_that_they_are_whole() {
    let authority = Authority::new();
    let begun = Arc::new(Notify::new());
    let begins = Arc::clone(&begun);
    let server = start_with(https(authority.server(&[NAME]).pem()), move |_: Request| {
        begins.notify_one();
        std::future::pending::<Response>()
    })
    .await;
    let mut client = TlsClient::new(&authority)
        .connect(&server, NAME)
        .await
        .unwrap();
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    within(begun.notified()).await;
    server.serving.abort();
    let error = client.rest().await.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
        ),
        "{error}"
    );
    eventually("it is gone", || server.statistics.connections() == 0).await;
}
