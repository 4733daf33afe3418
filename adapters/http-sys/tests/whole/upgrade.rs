use http::{HeaderValue, StatusCode, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use transom::features::{RequestExt, Upgrade};
use transom::{Request, Response};

use crate::support::Running;

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
