use axum::Router;
use axum::routing::get as on_get;
use bytes::Bytes;
use http_body_util::BodyExt;
use tower::ServiceExt;
use transom::adapter::Arrival;
use transom::features::{ConnectionInfo, Endpoint, PathBase, RequestIdentifier, Scheme, Transport};
use transom::{Request, RequestExt};

use crate::support::{get, mounted, telling};

async fn ask(router: &Router, request: Request) -> Bytes {
    let response = router.clone().oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn a_router_has_it_as_a_nested_service_and_as_its_fallback() {
    let mount = mounted(telling(|request| {
        let base = request.feature::<PathBase>().map(PathBase::as_str);
        format!("{} {}", base.unwrap_or("none"), request.uri())
    }));
    let base = PathBase::new("/new").unwrap();
    let router = Router::new()
        .route("/old", on_get(async || "old"))
        .nest_service("/new", mount.clone().with_stripped_path_base(base))
        .fallback_service(mount);
    for (target, answer) in [
        ("/old", "old"),
        ("/new/a?b", "/new /a?b"),
        ("/new", "/new /"),
        ("/else", "none /else"),
    ] {
        assert_eq!(ask(&router, get(target)).await, answer);
    }
}

#[tokio::test]
async fn an_arrival_among_the_extensions_tells_of_the_connection() {
    let mount = mounted(telling(|request| {
        let info = request.feature::<ConnectionInfo>().unwrap();
        let scheme = request.feature::<Scheme>().unwrap();
        let id = request.feature::<RequestIdentifier>().unwrap();
        format!("{scheme} {} {id}", info.remote().unwrap())
    }));
    let remote = Endpoint::Tcp("192.0.2.7:51000".parse().unwrap());
    let info = ConnectionInfo::new(Transport::Tcp).with_remote(remote);
    let id = info.id();
    let arrival = Arrival::new(info).with_scheme(Scheme::Https);
    let router = Router::new().fallback_service(mount);
    for request_of_connection in 1..=2 {
        let mut request = get("/");
        request.extensions_mut().insert(arrival.clone());
        let expected = format!("https 192.0.2.7:51000 {id}:{request_of_connection:08}");
        assert_eq!(ask(&router, request).await, expected);
    }
}
