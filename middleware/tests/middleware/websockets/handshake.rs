//! Who is let in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Method, Version};
use transom::features::{ExtendedConnect, Upgrade, UpgradeError, Upgrading};
use transom::testing::TestServer;
use transom::{ApplicationBuilder, RequestExt, Response};
use transom_conformance::Lint;
use transom_middleware::websockets::{WebSocket, WebSockets};

use super::peer::{Peer, app, asking, echo};
use crate::support::{run, text};

/// A request with some fields of the handshake replaced; those without a value are left out.
fn with(fields: &[(&str, &str)]) -> http::Request<&'static str> {
    let mut request = asking().body("").unwrap();
    for (name, value) in fields {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().remove(&name);
        for value in value.split('|').filter(|value| !value.is_empty()) {
            request.headers_mut().append(&name, value.parse().unwrap());
        }
    }
    request
}

async fn answered(request: http::Request<&'static str>) -> Response {
    let sockets = WebSockets::new().with_protocols(["chat"]).unwrap();
    let client = TestServer::new().start(app(sockets, echo)).await.unwrap();
    client.send(request).await.unwrap()
}

#[test]
fn a_proper_handshake_is_answered_as_it_should_be() {
    run(async {
        for fields in [
            &[][..],
            &[("upgrade", "h2c, WebSocket")],
            &[("connection", "keep-alive|UPGRADE")],
            &[("sec-websocket-protocol", "other|a, chat")],
            &[("sec-websocket-extensions", "permessage-deflate")],
            &[("host", "example.com"), ("origin", "https://example.com")],
        ] {
            let response = answered(with(fields)).await;
            assert_eq!(response.status(), 101, "{fields:?}");
            let headers = response.headers();
            assert_eq!(headers["upgrade"], "websocket");
            assert_eq!(headers["connection"], "upgrade");
            // RFC 6455, section 1.3.
            let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
            assert_eq!(headers["sec-websocket-accept"], accept);
            let protocol = headers.get("sec-websocket-protocol");
            let asked = fields.iter().any(|(name, _)| name.ends_with("protocol"));
            assert_eq!(protocol.is_some_and(|protocol| protocol == "chat"), asked);
            assert!(!headers.contains_key("sec-websocket-extensions"));
        }
    });
}

#[test]
fn no_answer_breaks_a_rule() {
    run(async {
        let (outside, log) = Lint::new(app(WebSockets::new(), echo));
        let client = TestServer::new().start(outside).await.unwrap();
        let mut statuses = Vec::new();
        for fields in [
            &[][..],
            &[("upgrade", "")],
            &[("connection", "close")],
            &[("sec-websocket-version", "8")],
            &[("origin", "null")],
        ] {
            let response = client.send(with(fields)).await.unwrap();
            statuses.push(response.status().as_u16());
            text(response).await;
        }
        assert_eq!(statuses, [101, 426, 400, 426, 403]);
        assert!(log.is_clean(), "{:?}", log.violations());
    });
}

#[test]
fn whoever_is_refused_is_told_why() {
    const KEY: &str = "sec-websocket-key";
    const VERSION: &str = "sec-websocket-version";
    run(async {
        for (fields, status, says) in [
            (&[("upgrade", "")][..], 426, "ask for an upgrade"),
            (&[("upgrade", "h2c")], 426, "ask for an upgrade"),
            (&[("upgrade", "websockets")], 426, "ask for an upgrade"),
            (&[("connection", "")], 400, "`Connection`"),
            (&[("connection", "close")], 400, "`Connection`"),
            (&[(VERSION, "")], 426, "has to be 13"),
            (&[(VERSION, "8")], 426, "has to be 13"),
            (&[(VERSION, "13|13")], 426, "has to be 13"),
            (&[(KEY, "")], 400, "16 bytes"),
            (&[(KEY, "c2hvcnQ=")], 400, "16 bytes"),
            (&[(KEY, "dGhlIHNhbXBsZSBub25jZQ")], 400, "16 bytes"),
            (
                &[(KEY, "dGhlIHNhbXBsZSBub25jZQ==|dGhlIHNhbXBsZSBub25jZQ==")],
                400,
                "16 bytes",
            ),
            (&[("sec-websocket-protocol", "chat room")], 400, "tokens"),
            (&[("origin", "https://evil.example")], 403, "origin"),
            (&[("origin", "null")], 403, "origin"),
        ] {
            let response = answered(with(fields)).await;
            assert_eq!(response.status(), status, "{fields:?}");
            let headers = response.headers().clone();
            assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
            assert_eq!(headers.contains_key("upgrade"), status == 426);
            assert_eq!(headers.contains_key(VERSION), status == 426);
            let text = text(response).await;
            assert!(text.contains(says), "{fields:?} is told {text}");
        }
        let mut post = with(&[]);
        *post.method_mut() = Method::POST;
        let response = answered(post).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["allow"]),
            (405, &"GET".parse().unwrap())
        );
    });
}

struct Fails(fn() -> UpgradeError);

impl Upgrade for Fails {
    fn accept(&self) -> Result<Upgrading, UpgradeError> {
        Err((self.0)())
    }
}

fn status_of(request: &http::Request<&str>) -> u16 {
    let refused = WebSockets::new().accept(request).unwrap_err();
    refused.status().as_u16()
}

#[test]
fn a_server_that_cannot_is_told_apart_from_a_client_that_asks_wrongly() {
    run(async {
        assert_eq!(status_of(&with(&[])), 501, "it has no upgrade");
        let mut request = with(&[]);
        let full: Arc<dyn Upgrade> = Arc::new(Fails(UpgradeError::too_many));
        request.features_mut().insert_shared(full);
        assert_eq!(status_of(&request), 503);
        let taken: Arc<dyn Upgrade> = Arc::new(Fails(UpgradeError::taken));
        request.features_mut().insert_shared(taken);
        assert_eq!(status_of(&request), 500);
    });
    assert_eq!(status_of(&with(&[])), 501, "there is no runtime");
}

#[test]
fn each_version_of_http_has_its_own_way() {
    run(async {
        let mut request = with(&[]);
        *request.version_mut() = Version::HTTP_10;
        assert_eq!(status_of(&request), 400);
        let mut request = with(&[("sec-websocket-key", "")]);
        *request.version_mut() = Version::HTTP_2;
        let refused = WebSockets::new().accept(&request).unwrap_err();
        assert!(refused.to_string().contains("extended CONNECT"));
        let refused = refused.into_response();
        assert_eq!(refused.status(), 400);
        assert!(
            !refused.headers().contains_key("upgrade"),
            "HTTP/2 has none"
        );

        *request.method_mut() = Method::CONNECT;
        request
            .features_mut()
            .insert(ExtendedConnect::new("connect-udp"));
        assert_eq!(status_of(&request), 501);
        request
            .features_mut()
            .insert(ExtendedConnect::new("websocket"));
        assert_eq!(
            status_of(&request),
            501,
            "well asked, but there is no upgrade"
        );
        request
            .headers_mut()
            .insert("sec-websocket-version", 12.into());
        let refused = WebSockets::new().accept(&request).unwrap_err();
        assert_eq!(
            refused.into_response().headers()["sec-websocket-version"],
            "13"
        );
        assert_eq!(status_of(&request), 400);
    });
}

#[test]
fn the_handler_knows_the_sub_protocol() {
    run(async {
        let sockets = WebSockets::new().with_protocols(["v2", "v1"]).unwrap();
        let handler = async |mut socket: WebSocket| {
            let protocol = socket.protocol().unwrap_or("none").to_owned();
            let _ = socket.send(protocol).await;
        };
        let client = TestServer::new()
            .start(app(sockets, handler))
            .await
            .unwrap();
        for (asked, spoken) in [("v1, v2", "v2"), ("v1", "v1"), ("v3", "none")] {
            let request = with(&[("sec-websocket-protocol", asked)]);
            let (_, connection) = client.upgrade(request).await.unwrap();
            let mut peer = Peer::over(connection.unwrap()).await;
            assert_eq!(peer.next().await.to_text().unwrap(), spoken);
        }
    });
}

#[test]
fn a_websocket_whose_response_is_not_sent_is_called_off() {
    run(async {
        static SPOKE: AtomicBool = AtomicBool::new(false);
        let app = ApplicationBuilder::new().run_fn(|request: transom::Request| async move {
            let sockets = WebSockets::new();
            let upgrade = sockets.accept(&request).unwrap();
            assert_eq!(sockets.accept(&request).unwrap_err().status(), 500);
            drop(upgrade.run(async |_| SPOKE.store(true, Ordering::Relaxed)));
            "something else"
        });
        let client = TestServer::new().start(app).await.unwrap();
        let response = client.send(with(&[])).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(text(response).await, "something else");
        tokio::task::yield_now().await;
        assert!(!SPOKE.load(Ordering::Relaxed));
    });
}
