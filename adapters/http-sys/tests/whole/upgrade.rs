use std::io::Write;
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};
use transom::features::{RequestExt, Upgrade, Upgraded};
use transom::{Request, Response};

use crate::support::{Client, PATIENCE, Running, until_so};

async fn echo(request: Request) -> Response {
    let mut response = Response::default();
    let Some(upgrade) = request.feature::<dyn Upgrade>() else {
        *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
        return response;
    };
    let upgrading = upgrade.accept().unwrap();
    tokio::spawn(async move {
        let mut connection = upgrading.await.unwrap();
        let mut heard = [0; 5];
        connection.read_exact(&mut heard).await.unwrap();
        connection.write_all(&heard).await.unwrap();
        connection.shutdown().await.unwrap();
    });
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let echo = HeaderValue::from_static("echo");
    response.headers_mut().insert(header::UPGRADE, echo);
    response
}

#[test]
fn a_connection_is_handed_over() {
    let server = Running::start(echo);
    let mut client = server.connect();
    client.send("GET", "/", "Connection: Upgrade\r\nUpgrade: echo\r\n", b"");
    client.until(b"\r\n\r\n");
    client.send_raw("hello");
    let rest = String::from_utf8(client.rest()).unwrap();
    assert!(rest.starts_with("HTTP/1.1 101 "), "{rest}");
    assert!(rest.ends_with("\r\n\r\nhello"), "{rest}");
    server.stop();
}

#[test]
fn who_does_not_ask_for_it_is_offered_none() {
    let server = Running::start(echo);
    assert_eq!(server.get("/").status, 426);
    server.stop();
}

/// Hands a connection over to what is given.
fn switching<F, R>(then: F) -> impl transom::Application
where
    F: Fn(Upgraded) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    move |request: Request| {
        let then = then.clone();
        async move {
            let upgrade = request.feature::<dyn Upgrade>().unwrap();
            let upgrading = upgrade.accept().unwrap();
            tokio::spawn(async move { then(upgrading.await.unwrap()).await });
            let mut response = Response::default();
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let echo = HeaderValue::from_static("echo");
            response.headers_mut().insert(header::UPGRADE, echo);
            response
        }
    }
}

fn switched(server: &Running) -> Client {
    let mut client = server.connect();
    client.send("GET", "/", "Connection: Upgrade\r\nUpgrade: echo\r\n", b"");
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client
}

#[test]
fn megabytes_go_both_ways_at_once_and_the_application_ends_it() {
    const LENGTH: usize = 3 << 20;
    let server = Running::start(switching(async |connection: Upgraded| {
        let (mut from, mut to) = tokio::io::split(connection);
        let mut left = LENGTH;
        let mut piece = vec![0; 10_000];
        while left > 0 {
            let read = from.read(&mut piece).await.unwrap();
            assert_ne!(read, 0);
            to.write_all(&piece[..read]).await.unwrap();
            left -= read;
        }
        to.shutdown().await.unwrap();
    }));
    for _ in 0..3 {
        let mut client = switched(&server);
        let said: Vec<u8> = (0..LENGTH).map(|index| (index / 253) as u8).collect();
        let mut stream = client.stream();
        let heard = std::thread::scope(|scope| {
            scope.spawn(|| stream.write_all(&said).unwrap());
            client.rest()
        });
        assert!(heard == said, "{}", heard.len());
    }
    until_so("it is over", || server.statistics.upgraded() == 0);
    server.stop();
}

#[test]
fn all_that_a_client_said_is_heard_before_its_end() {
    let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let server = Running::start(switching(move |mut connection: Upgraded| {
        let heard = heard.clone();
        async move {
            // The client is gone before the first of it is read, and it takes a while.
            let mut all = vec![0; 200_000];
            sleep(Duration::from_millis(50)).await;
            connection.read_exact(&mut all).await.unwrap();
            sleep(Duration::from_millis(50)).await;
            connection.read_to_end(&mut all).await.unwrap();
            heard.send(all).unwrap();
        }
    }));
    for ends in [true, false] {
        let mut client = switched(&server);
        client.send_raw(&"hello ".repeat(50_000));
        if ends {
            client.end();
        } else {
            drop(client);
        }
        let all = server
            .runtime
            .block_on(async { timeout(PATIENCE, hears.recv()).await });
        assert_eq!(all.unwrap().unwrap().len(), 300_000);
        until_so("it is over", || server.statistics.upgraded() == 0);
    }
    server.stop();
}

#[test]
fn an_application_that_says_more_to_who_is_gone_is_told() {
    let (says, mut tells) = tokio::sync::mpsc::unbounded_channel();
    let server = Running::start(switching(move |mut connection: Upgraded| {
        let says = says.clone();
        async move {
            while connection.write_all(&[b'x'; 10_000]).await.is_ok() {}
            says.send(()).unwrap();
        }
    }));
    let mut client = switched(&server);
    client.until(b"xxxx");
    drop(client);
    let told = server
        .runtime
        .block_on(async { timeout(PATIENCE, tells.recv()).await });
    told.unwrap().unwrap();
    until_so("it is over", || server.statistics.upgraded() == 0);
    server.stop();
}
