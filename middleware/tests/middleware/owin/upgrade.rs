//! A connection that is taken over.

use futures_util::{AsyncReadExt, AsyncWriteExt};
use http::{HeaderMap, HeaderValue};
use tokio::sync::oneshot;
use transom::features::{ServerLifetime, Upgraded};
use transom::testing::TestServer;
use transom::{ApplicationBuilder, Body};
use transom_middleware::owin::{Environment, OpaqueUpgrade, Properties, UseOwin, keys};

use super::end;
use crate::support::run;

fn asking() -> http::Request<Body> {
    let request = http::Request::get("/")
        .header("connection", "upgrade")
        .header("upgrade", "echo");
    request.body(Body::empty()).unwrap()
}

/// Accepts the upgrade, and says `hello` on the connection.
async fn accept(environment: Environment) -> Result<(), transom::body::BoxError> {
    let capabilities: Properties = environment.require(keys::CAPABILITIES)?;
    assert_eq!(
        capabilities.get::<String>(keys::OPAQUE_VERSION).unwrap(),
        "1.0"
    );
    let upgrade: OpaqueUpgrade = environment.require(keys::OPAQUE_UPGRADE)?;
    upgrade.upgrade(|opaque| async move {
        assert!(opaque.contains(keys::OPAQUE_VERSION));
        assert!(
            opaque
                .get::<ServerLifetime>(keys::OPAQUE_CALL_CANCELLED)
                .is_some()
        );
        let mut stream: Upgraded = opaque.take(keys::OPAQUE_STREAM).unwrap();
        AsyncWriteExt::write_all(&mut stream, b"hello")
            .await
            .unwrap();
    })?;
    assert!(upgrade.upgrade(|_| async {}).unwrap_err().is_taken());
    assert_eq!(
        environment.get::<u16>(keys::RESPONSE_STATUS_CODE),
        Some(101)
    );
    let to = HeaderValue::from_static("echo");
    environment.modify(keys::RESPONSE_HEADERS, |headers: &mut HeaderMap| {
        headers.insert("upgrade", to)
    })?;
    Ok(())
}

#[test]
fn the_callback_has_the_connection_once_the_head_is_sent() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_owin(|owin| owin.with(end(accept)))
            .build();
        let client = TestServer::new().start(app).await.unwrap();
        let (response, connection) = client.upgrade(asking()).await.unwrap();
        assert_eq!(response.status(), 101);
        let mut said = [0; 5];
        AsyncReadExt::read_exact(&mut connection.unwrap(), &mut said)
            .await
            .unwrap();
        assert_eq!(&said, b"hello");
    });
}

#[test]
fn another_status_cancels_the_upgrade() {
    run(async {
        let (sender, receiver) = oneshot::channel::<()>();
        let sender = std::sync::Arc::new(std::sync::Mutex::new(Some(sender)));
        let refuse = end(move |environment: Environment| {
            let sender = sender.lock().unwrap().take();
            async move {
                let upgrade: OpaqueUpgrade = environment.require(keys::OPAQUE_UPGRADE)?;
                upgrade.upgrade(move |_| async move {
                    let _ = sender.unwrap().send(());
                })?;
                Ok(environment.set(keys::RESPONSE_STATUS_CODE, 403_u16)?)
            }
        });
        let app = ApplicationBuilder::new()
            .use_owin(|owin| owin.with(refuse))
            .build();
        let client = TestServer::new().start(app).await.unwrap();
        let (response, _) = client.upgrade(asking()).await.unwrap();
        assert_eq!(response.status(), 403);
        assert!(
            receiver.await.is_err(),
            "the callback is dropped, and not called"
        );
    });
}
