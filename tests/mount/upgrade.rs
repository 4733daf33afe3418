use http::{HeaderValue, StatusCode, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use transom::adapter::{Arrival, Mount};
use transom::features::{Upgrade, UpgradeError, Upgraded};
use transom::{Application, Request, RequestExt, Response};

use crate::support::{PATIENCE, get, mounted};

type Taken = Result<Upgraded, UpgradeError>;

/// Accepts every upgrade, and answers with a status.
fn accepting(status: StatusCode) -> (Mount<impl Application>, mpsc::UnboundedReceiver<Taken>) {
    let (sender, taken) = mpsc::unbounded_channel();
    let mount = mounted(move |request: Request| {
        let upgrading = request.feature::<dyn Upgrade>().map(<dyn Upgrade>::accept);
        let mut response = Response::default();
        if let Some(Ok(upgrading)) = upgrading {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(upgrading.await).unwrap() });
            *response.status_mut() = status;
            let chat = HeaderValue::from_static("chat");
            response.headers_mut().insert(header::UPGRADE, chat);
        }
        std::future::ready(response)
    });
    (mount, taken)
}

fn asking() -> Request {
    let mut request = get("/");
    let fields = request.headers_mut();
    fields.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    fields.insert(header::UPGRADE, HeaderValue::from_static("chat"));
    request
}

#[tokio::test]
async fn an_upgraded_connection_is_counted_and_waited_for() {
    let (mount, mut taken) = accepting(StatusCode::SWITCHING_PROTOCOLS);
    let (near, mut peer) = tokio::io::duplex(64);
    let arrival = Arrival::default().with_upgrade(async { Ok(Upgraded::from_tokio(near)) });
    let response = mount.call(asking(), arrival).await;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    drop(response);
    let mut connection = timeout(PATIENCE, taken.recv())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(mount.statistics().upgraded(), 1);
    assert!(timeout(PATIENCE / 100, mount.stop()).await.is_err());

    peer.write_all(b"to").await.unwrap();
    let mut heard = [0; 2];
    connection.read_exact(&mut heard).await.unwrap();
    connection.write_all(b"fro").await.unwrap();
    connection.flush().await.unwrap();
    drop(connection);
    timeout(PATIENCE, mount.stop()).await.unwrap();
    let mut rest = String::new();
    peer.read_to_string(&mut rest).await.unwrap();
    assert_eq!((&heard, &*rest), (b"to", "fro"));
}

#[tokio::test]
async fn an_abort_ends_an_upgraded_connection_that_waits() {
    let (mount, mut taken) = accepting(StatusCode::SWITCHING_PROTOCOLS);
    let (near, _peer) = tokio::io::duplex(64);
    let arrival = Arrival::default().with_upgrade(async { Ok(Upgraded::from_tokio(near)) });
    drop(mount.call(asking(), arrival).await);
    let mut connection = timeout(PATIENCE, taken.recv())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let reading = tokio::spawn(async move { connection.read_u8().await });
    tokio::task::yield_now().await;
    mount.abort();
    let read = timeout(PATIENCE, reading).await.unwrap().unwrap();
    assert_eq!(
        read.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionAborted
    );
    timeout(PATIENCE, mount.stop()).await.unwrap();
}

#[tokio::test]
async fn another_status_than_101_cancels() {
    let (mount, mut taken) = accepting(StatusCode::OK);
    let arrival = Arrival::default().with_upgrade(std::future::pending());
    drop(mount.call(asking(), arrival).await);
    let taken = timeout(PATIENCE, taken.recv()).await.unwrap().unwrap();
    assert!(taken.unwrap_err().is_cancelled());
    assert_eq!(mount.statistics().total_upgraded(), 0);
}

#[tokio::test]
async fn a_request_that_asks_for_none_is_offered_none() {
    let (mount, _taken) = accepting(StatusCode::SWITCHING_PROTOCOLS);
    let arrival = Arrival::default().with_upgrade(std::future::pending());
    let response = mount.call(get("/"), arrival).await;
    assert_eq!(response.status(), StatusCode::OK);
}
