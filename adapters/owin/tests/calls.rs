//! What an application makes of the keys that a server sets, and what a server is told.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use tokio::sync::Notify;
use tokio::time::timeout;
use transom::body::BoxError;
use transom::features::{
    ConnectionInfo, OriginalTarget, PathBase, RequestIdentifier, RequestLifetime, Scheme,
    ServerInfo, Transport,
};
use transom::testing::TestServer;
use transom::{Application, ApplicationBuilder, Body, Features, Request, RequestExt, Response};
use transom_middleware::owin::{AppFunc, Environment, OpaqueUpgrade, ResponseBody, UseOwin, keys};

/// What a server has been told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl futures_io::AsyncWrite for Told {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        data: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        self.0.lock().unwrap().extend(data);
        std::task::Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_close(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

fn request(path: &str) -> (Environment, Told) {
    let environment = Environment::new();
    let text = |key, text: &str| environment.set(key, text.to_owned()).unwrap();
    text(keys::REQUEST_METHOD, "POST");
    text(keys::REQUEST_PATH, path);
    let host = (header::HOST, HeaderValue::from_static("example.com"));
    let headers = HeaderMap::from_iter([host]);
    environment.set(keys::REQUEST_HEADERS, headers).unwrap();
    let told = Told::default();
    let body = ResponseBody::new(told.clone());
    environment.set(keys::RESPONSE_BODY, body).unwrap();
    (environment, told)
}

/// Calls an application for an environment.
fn call<A: Application>(app: A, environment: &Environment) -> Result<(), BoxError> {
    let mut features = Features::new();
    features.insert(ServerInfo::new("by hand", "1.0"));
    let app = transom_owin::app_func(&transom_owin::mount(app, features));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let called = app.call(environment.clone());
    runtime.block_on(async { timeout(Duration::from_secs(10), called).await.unwrap() })
}

fn status(environment: &Environment) -> u16 {
    environment.require(keys::RESPONSE_STATUS_CODE).unwrap()
}

#[test]
fn a_request_and_its_features_are_made_of_the_keys() {
    let (environment, told) = request("/a b/100%");
    let text = |key, text: &str| environment.set(key, text.to_owned()).unwrap();
    text(keys::REQUEST_PATH_BASE, "/caf\u{e9}");
    text(keys::REQUEST_QUERY_STRING, "q=%20");
    text(keys::REQUEST_SCHEME, "https");
    text(keys::REQUEST_PROTOCOL, "HTTP/1.0");
    text(keys::REQUEST_ID, "the seventh");
    text(keys::REMOTE_IP_ADDRESS, "192.0.2.7");
    text(keys::REMOTE_PORT, "51000");
    text(keys::LOCAL_IP_ADDRESS, "nowhere");
    text(keys::REQUEST_USER, "alice");
    environment
        .set(keys::REQUEST_BODY, Body::from("content"))
        .unwrap();
    let app = async |request: Request| {
        let info = request.feature::<ConnectionInfo>().unwrap();
        assert!(info.local().is_none());
        let user = request
            .feature::<Environment>()
            .unwrap()
            .get::<String>(keys::REQUEST_USER);
        let seen = format!(
            "{} {:?} {} {} {} {} {} {} {}: ",
            request.method(),
            request.version(),
            request.feature::<OriginalTarget>().unwrap(),
            request.feature::<PathBase>().unwrap(),
            request.uri(),
            request.feature::<Scheme>().unwrap(),
            request.feature::<RequestIdentifier>().unwrap(),
            info.remote().unwrap(),
            user.unwrap(),
        );
        let content = request.into_body().collect(64).await.unwrap();
        let mut response = Response::new(Body::from([seen.as_bytes(), &content].concat()));
        *response.status_mut() = http::StatusCode::CREATED;
        response
    };
    call(app, &environment).unwrap();
    assert_eq!(status(&environment), 201);
    let told = String::from_utf8(told.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        told,
        "POST HTTP/1.0 /caf%C3%A9/a%20b/100%25?q=%20 /caf%C3%A9 /a%20b/100%25?q=%20 https the seventh 192.0.2.7:51000 \
         alice: content"
    );
    let headers: HeaderMap = environment.require(keys::RESPONSE_HEADERS).unwrap();
    assert_eq!(headers["content-length"], told.len().to_string());
}

#[test]
fn a_target_that_the_server_tells_is_the_request_s_byte_for_byte() {
    for (target, base, seen) in [
        (
            "/shop/a%2Fb?",
            "/shop",
            "/a%2Fb? below /shop of /shop/a%2Fb?",
        ),
        ("*", "", "* below  of *"),
    ] {
        let (environment, told) = request("/what/is/decoded");
        let text = |key, text: &str| environment.set(key, text.to_owned()).unwrap();
        text(keys::REQUEST_METHOD, "OPTIONS");
        text(keys::REQUEST_TARGET, target);
        text(keys::REQUEST_PATH_BASE, base);
        let app = async |request: Request| {
            let base = request.feature::<PathBase>().map_or("", PathBase::as_str);
            let original = request.feature::<OriginalTarget>().unwrap();
            Response::new(Body::from(format!(
                "{} below {base} of {original}",
                request.uri()
            )))
        };
        call(app, &environment).unwrap();
        assert_eq!(told.0.lock().unwrap().as_slice(), seen.as_bytes());
    }
}

#[test]
fn a_request_that_is_none_is_answered_with_400() {
    let never = async |_: Request| -> Response { panic!("nobody may call this") };
    let wrong = |key: &'static str, value: &'static str| {
        let (environment, _) = request("/");
        environment.set(key, value.to_owned()).unwrap();
        call(never, &environment).unwrap();
        assert_eq!(status(&environment), 400, "{key} is {value}");
    };
    wrong(keys::REQUEST_METHOD, "A B");
    wrong(keys::REQUEST_PATH, "no/slash");
    wrong(keys::REQUEST_PATH_BASE, "shop");
    wrong(keys::REQUEST_SCHEME, "gopher");
    wrong(keys::REQUEST_PROTOCOL, "SPDY");
    wrong(keys::REQUEST_QUERY_STRING, "a b");
    wrong(keys::REQUEST_TARGET, "a b");
    wrong(keys::REQUEST_HEADERS, "Host: a");
    for key in [
        keys::REQUEST_METHOD,
        keys::REQUEST_PATH,
        keys::REQUEST_HEADERS,
    ] {
        let (environment, _) = request("/");
        environment.remove(key);
        call(never, &environment).unwrap();
        assert_eq!(status(&environment), 400, "without {key}");
    }
    let (environment, _) = request("/");
    environment
        .set(keys::REQUEST_HEADERS, HeaderMap::new())
        .unwrap();
    call(never, &environment).unwrap();
    assert_eq!(status(&environment), 400, "without Host");
}

#[test]
fn a_call_that_is_cancelled_drops_the_application() {
    struct Dropped(Arc<Notify>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (environment, _) = request("/");
    let cancelled = RequestLifetime::new();
    environment
        .set(keys::CALL_CANCELLED, cancelled.clone())
        .unwrap();
    let dropped = Arc::new(Notify::new());
    let drops = Arc::clone(&dropped);
    let app = move |_: Request| {
        let (drops, cancelled) = (Dropped(Arc::clone(&drops)), cancelled.clone());
        async move {
            let _drops = drops;
            cancelled.disconnect();
            std::future::pending::<Response>().await
        }
    };
    let error = call(app, &environment).unwrap_err();
    assert_eq!(error.to_string(), "the call was cancelled");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(dropped.notified());
}

#[test]
fn an_application_that_hangs_up_fails_the_call_and_says_so_to_the_server() {
    let (environment, told) = request("/");
    let cancelled = RequestLifetime::new();
    environment
        .set(keys::CALL_CANCELLED, cancelled.clone())
        .unwrap();
    let app = async |request: Request| {
        request.feature::<RequestLifetime>().unwrap().abort();
        Response::new(Body::from("too late"))
    };
    assert!(call(app, &environment).is_err());
    assert!(cancelled.is_aborted());
    assert!(told.0.lock().unwrap().is_empty());
}

#[test]
fn a_body_that_fails_fails_the_call() {
    let (environment, told) = request("/");
    let app = async |_: Request| {
        let pieces = [Ok("begun"), Err(std::io::Error::other("a mistake"))];
        Response::new(Body::from_stream(futures_util::stream::iter(pieces)))
    };
    assert!(call(app, &environment).is_err());
    assert_eq!(told.0.lock().unwrap().as_slice(), b"begun");
}

#[test]
fn what_the_server_has_set_is_seen_by_owin_middleware_of_the_application() {
    let (environment, told) = request("/");
    let certificate = bytes::Bytes::from_static(b"certificate");
    environment
        .set(keys::CLIENT_CERTIFICATE, certificate)
        .unwrap();
    environment
        .set(keys::OPAQUE_UPGRADE, unused_upgrade())
        .unwrap();
    let look = |next: AppFunc| {
        AppFunc::new(move |inner: Environment| {
            let next = next.clone();
            async move {
                let certificate: bytes::Bytes = inner.require(keys::CLIENT_CERTIFICATE)?;
                assert_eq!(certificate, "certificate");
                // The client did not ask for it, whatever the server could do.
                assert!(!inner.contains(keys::OPAQUE_UPGRADE));
                next.call(inner).await
            }
        })
    };
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(look))
        .run_fn(|_| async { "seen" });
    call(app, &environment).unwrap();
    assert_eq!(told.0.lock().unwrap().as_slice(), b"seen");
}

fn unused_upgrade() -> OpaqueUpgrade {
    OpaqueUpgrade::new(|_| panic!("nobody takes the connection over"))
}

#[test]
fn a_mount_is_the_end_of_owin_middleware_in_another_pipeline() {
    let inner = async |request: Request| {
        let info = request.feature::<ConnectionInfo>().unwrap();
        assert_eq!(info.transport(), Transport::Memory);
        let name = request.feature::<ServerInfo>().unwrap().name().to_owned();
        Response::new(Body::from(format!("{} by {name}", request.uri())))
    };
    let mut features = Features::new();
    features.insert(ServerInfo::new("inner", "1.0"));
    let end = transom_owin::app_func(&transom_owin::mount(inner, features));
    let app = ApplicationBuilder::new()
        .use_path_base("/base")
        .use_owin(|owin| owin.with(move |_| end.clone()))
        .build();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = TestServer::new().start(app).await.unwrap();
        let response = client.get("/base/a%2Fb?c").await.unwrap();
        let text = response.into_body().collect(64).await.unwrap();
        assert_eq!(text, "/a%2Fb?c by inner");
    });
}
