//! Around a service that knows nothing of Transom.

use std::convert::Infallible;

use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt};
use transom::features::RequestLifetime;
use transom_middleware::owin::{Environment, OwinLayer, ResponseBody, keys};

use super::{before, end};
use crate::support::run;

#[test]
fn the_keys_of_a_request_are_there_and_those_of_a_server_are_not() {
    let look = before(|environment: Environment| async move {
        assert_eq!(
            environment.get::<String>(keys::REQUEST_SCHEME).unwrap(),
            "https"
        );
        assert!(!environment.contains(keys::REMOTE_IP_ADDRESS));
        assert!(
            environment
                .set(keys::REMOTE_PORT, "1".to_owned())
                .unwrap_err()
                .is_missing()
        );
        environment.set(keys::REQUEST_PATH, "/other".to_owned())?;
        Ok(())
    });
    let page = tower::service_fn(|request: http::Request<transom::Body>| async move {
        Ok::<_, Infallible>(http::Response::new(Full::from(request.uri().to_string())))
    });
    let service = OwinLayer::new().with(look).layer(page);
    let request =
        http::Request::get("https://example.com/a?b").body(Full::<bytes::Bytes>::default());
    run(async {
        let response = service.oneshot(request.unwrap()).await.unwrap();
        let body = response.into_body().collect(64).await.unwrap();
        assert_eq!(body, "https://example.com/other?b");
    });
}

#[test]
fn a_client_that_goes_cancels_the_call_although_no_server_tells() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let answer = end(move |environment: Environment| {
        let sender = sender.clone();
        async move {
            sender.send(environment.require::<RequestLifetime>(keys::CALL_CANCELLED)?)?;
            let body: ResponseBody = environment.require(keys::RESPONSE_BODY)?;
            body.write("first").await?;
            std::future::pending().await
        }
    });
    let nothing = tower::service_fn(|_: http::Request<transom::Body>| async {
        Ok::<_, Infallible>(http::Response::new(Full::<bytes::Bytes>::default()))
    });
    let service = OwinLayer::new().with(answer).layer(nothing);
    run(async {
        let request = http::Request::new(Full::<bytes::Bytes>::default());
        let mut response = service.oneshot(request).await.unwrap();
        let frame = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "first");
        let cancelled = receiver.recv().unwrap();
        assert!(!cancelled.is_disconnected());
        drop(response);
        assert!(cancelled.is_disconnected());
    });
}

#[test]
fn a_path_that_is_set_takes_the_place_of_a_target_without_one() {
    for (method, target) in [("CONNECT", "example.com:443"), ("OPTIONS", "*")] {
        let set = before(|environment: Environment| async move {
            assert_eq!(
                environment.get::<String>(keys::REQUEST_PATH).as_deref(),
                Some("")
            );
            environment.set(keys::REQUEST_PATH, "/path".to_owned())?;
            Ok(environment.set(keys::REQUEST_QUERY_STRING, "query".to_owned())?)
        });
        let page = tower::service_fn(|request: http::Request<transom::Body>| async move {
            Ok::<_, Infallible>(http::Response::new(Full::from(request.uri().to_string())))
        });
        let service = OwinLayer::new().with(set).layer(page);
        let request = http::Request::builder().method(method).uri(target);
        let request = request.body(Full::<bytes::Bytes>::default()).unwrap();
        run(async {
            let response = service.oneshot(request).await.unwrap();
            assert_eq!(
                response.into_body().collect(64).await.unwrap(),
                "/path?query"
            );
        });
    }
}
