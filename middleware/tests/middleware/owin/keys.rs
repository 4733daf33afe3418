//! Each key: what it shows, and what setting it changes.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use transom::features::{
    ConnectionInfo, Endpoint, PathBase, RequestIdentifier, RequestLifetime, Scheme, ServerLifetime,
    TlsInfo, TlsVersion, Transport,
};
use transom::{ApplicationBuilder, Body, Features, Request, RequestExt};
use transom_middleware::owin::{Environment, EnvironmentError, Properties, UseOwin, keys};

use super::before;
use crate::support::{run, send, text, with_feature};

/// Sends a request through a component, and returns what the end of the pipeline says of it.
fn through(
    act: impl Fn(&Environment) + Clone + Send + Sync + 'static,
    request: http::request::Builder,
    say: fn(Request) -> String,
) -> String {
    let app = ApplicationBuilder::new();
    let info = ConnectionInfo::new(Transport::Tcp)
        .with_remote(Endpoint::Tcp(([192, 0, 2, 7], 51000).into()))
        .with_local(Endpoint::Tcp(([192, 0, 2, 1], 443).into()));
    let tls = TlsInfo::new(TlsVersion::Tls13)
        .with_client_certificates(vec![Bytes::from_static(b"certificate")]);
    let app = with_feature(with_feature(with_feature(app, info), tls), Scheme::Https);
    let act = before(move |environment| {
        act(&environment);
        std::future::ready(Ok(()))
    });
    let app = app.use_path_base("/caf%C3%A9");
    let app = app
        .use_owin(|owin| owin.with(act))
        .run_fn(move |request: Request| std::future::ready(say(request)));
    let request = request.body(Body::from("content")).unwrap();
    run(async { text(send(app, request).await).await })
}

#[test]
fn the_keys_show_the_request_and_its_features() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let see = move |environment: &Environment| {
        let mut seen = noted.lock().unwrap();
        for key in environment.keys() {
            let shown = environment
                .get::<String>(&key)
                .or_else(|| environment.get::<u16>(&key).map(|n| n.to_string()))
                .or_else(|| environment.get::<bool>(&key).map(|is| is.to_string()))
                .unwrap_or_else(|| "-".into());
            seen.push(format!("{key} {shown}"));
        }
        let headers: HeaderMap = environment.require(keys::REQUEST_HEADERS).unwrap();
        assert_eq!(headers["host"], "example.com");
        let certificate: Bytes = environment.require(keys::CLIENT_CERTIFICATE).unwrap();
        assert_eq!(certificate, "certificate");
        let cancelled: RequestLifetime = environment.require(keys::CALL_CANCELLED).unwrap();
        assert!(!cancelled.is_disconnected());
        let stopping: ServerLifetime = environment.require(keys::ON_DISPOSE).unwrap();
        assert!(!stopping.is_stopping());
        let features: Features = environment.require(keys::FEATURES).unwrap();
        assert!(features.contains::<TlsInfo>());
        let capabilities: Properties = environment.require(keys::CAPABILITIES).unwrap();
        let name: String = capabilities.require(keys::SERVER_NAME).unwrap();
        assert!(name.starts_with("memory/"), "{name}");
    };
    let request = http::Request::post("/caf%C3%A9/a%20b%2Fc?q=%20").header("host", "example.com");
    through(see, request, |_| String::new());
    let mut seen = seen.lock().unwrap();
    let id = |line: &String| {
        line.starts_with("owin.RequestId") || line.starts_with("server.ConnectionId")
    };
    assert_eq!(seen.iter().filter(|line| id(line)).count(), 2);
    seen.retain(|line| !id(line));
    assert_eq!(
        *seen,
        [
            "owin.CallCancelled -",
            "owin.RequestBody -",
            "owin.RequestHeaders -",
            "owin.RequestMethod POST",
            "owin.RequestPath /a b/c",
            "owin.RequestPathBase /caf\u{e9}",
            "owin.RequestProtocol HTTP/1.1",
            "owin.RequestQueryString q=%20",
            "owin.RequestScheme https",
            "owin.ResponseBody -",
            "owin.ResponseHeaders -",
            "owin.ResponseStatusCode 200",
            "owin.Version 1.0",
            "server.Capabilities -",
            "server.IsLocal false",
            "server.LocalIpAddress 192.0.2.1",
            "server.LocalPort 443",
            "server.OnDispose -",
            "server.OnSendingHeaders -",
            "server.RemoteIpAddress 192.0.2.7",
            "server.RemotePort 51000",
            "ssl.ClientCertificate -",
            "transom.Features -",
            "transom.RequestTarget /caf%C3%A9/a%20b%2Fc?q=%20",
        ]
    );
}

#[test]
fn what_is_set_is_what_the_rest_of_the_pipeline_sees() {
    let set = |environment: &Environment| {
        let text = |key, value: &str| environment.set(key, value.to_owned()).unwrap();
        text(keys::REQUEST_METHOD, "PUT");
        text(keys::REQUEST_PATH, "/new path/100%");
        text(keys::REQUEST_PATH_BASE, "/b\u{e4}se");
        text(keys::REQUEST_QUERY_STRING, "x=1&y=%20");
        text(keys::REQUEST_PROTOCOL, "HTTP/1.0");
        text(keys::REQUEST_SCHEME, "http");
        text(keys::REQUEST_ID, "mine");
        text(keys::REMOTE_IP_ADDRESS, "2001:db8::1");
        text(keys::REMOTE_PORT, "7");
        text(keys::LOCAL_PORT, "8");
        environment
            .set(keys::REQUEST_BODY, Body::from("another"))
            .unwrap();
        let host = HeaderValue::from_static("other");
        environment
            .modify(keys::REQUEST_HEADERS, |headers: &mut HeaderMap| {
                headers.insert("host", host)
            })
            .unwrap();
    };
    let say = |request: Request| {
        let info = request.feature::<ConnectionInfo>().unwrap();
        format!(
            "{} {} {:?} {} {} {} {} {} {:?} {:?}",
            request.method(),
            request.uri(),
            request.version(),
            request.feature::<PathBase>().unwrap(),
            request.feature::<Scheme>().unwrap(),
            request.feature::<RequestIdentifier>().unwrap(),
            info.remote().unwrap(),
            info.local().unwrap(),
            request.headers()["host"],
            request.body(),
        )
    };
    assert_eq!(
        through(set, http::Request::get("/"), say),
        "PUT /new%20path/100%25?x=1&y=%20 HTTP/1.0 /b%C3%A4se http mine [2001:db8::1]:7 192.0.2.1:8 \
         \"other\" Body(7 bytes)"
    );
}

#[test]
fn a_value_that_cannot_be_is_refused_and_changes_nothing() {
    let refuse = |environment: &Environment| {
        let refused = |set: Result<(), EnvironmentError>| set.unwrap_err().to_string();
        for (key, value, why) in [
            (keys::REQUEST_METHOD, "A B", "it is no token"),
            (keys::REQUEST_PATH, "a", "a path begins with `/`"),
            (
                keys::REQUEST_QUERY_STRING,
                "a b",
                "it holds what a URI may not",
            ),
            (
                keys::REQUEST_PATH_BASE,
                "a",
                "it is neither empty nor does it begin with `/`",
            ),
            (keys::REQUEST_PROTOCOL, "1.1", "write it like `HTTP/1.1`"),
            (
                keys::REQUEST_SCHEME,
                "ftp",
                "it is neither `http` nor `https`",
            ),
            (keys::REMOTE_IP_ADDRESS, "localhost", "it is no IP address"),
            (
                keys::REMOTE_PORT,
                "65536",
                "it is no port, or there is no IP address that it belongs to",
            ),
        ] {
            let error = refused(environment.set(key, value.to_owned()));
            assert_eq!(error, format!("the value of `{key}` is wrong: {why}"));
        }
        for status in [0_u16, 99, 100, 1000] {
            let error = refused(environment.set(keys::RESPONSE_STATUS_CODE, status));
            assert!(error.ends_with("it is no status of a response"), "{error}");
        }
        let error = refused(environment.set(keys::RESPONSE_STATUS_CODE, 404));
        assert_eq!(
            error,
            "the value of `owin.ResponseStatusCode` is no u16, but i32"
        );
        let error = environment.require::<i32>(keys::RESPONSE_STATUS_CODE);
        assert!(!error.unwrap_err().is_missing());
        let error = environment
            .require::<String>("owin.RequestUser")
            .unwrap_err();
        assert!(error.is_missing());
        assert_eq!(
            error.to_string(),
            "the environment has no `owin.RequestUser`"
        );
        assert!(environment.take::<String>(keys::REQUEST_BODY).is_none());
    };
    let say = |request: Request| {
        format!(
            "{} {} {:?}",
            request.method(),
            request.uri(),
            request.body()
        )
    };
    let seen = through(refuse, http::Request::get("/p?q"), say);
    assert!(seen.starts_with("GET /p?q Body("), "{seen}");
    assert_ne!(seen, "GET /p?q Body(empty)");
}

#[test]
fn a_key_that_can_only_be_read_becomes_an_item_when_it_is_set() {
    let act = |environment: &Environment| {
        environment.set(keys::VERSION, "2.0".to_owned()).unwrap();
        assert_eq!(environment.get::<String>(keys::VERSION).unwrap(), "2.0");
        assert!(environment.remove(keys::VERSION));
        assert!(!environment.contains(keys::VERSION));
    };
    through(act, http::Request::get("/"), |_| String::new());
}

#[test]
fn a_key_that_is_removed_shows_nothing_more_and_leaves_what_it_showed() {
    let act = |environment: &Environment| {
        assert!(environment.remove(keys::REQUEST_METHOD));
        assert!(!environment.contains(keys::REQUEST_METHOD));
        assert!(!environment.remove(keys::REQUEST_METHOD));
        // An item like any other from now on.
        environment.set(keys::REQUEST_METHOD, 7).unwrap();
        assert_eq!(environment.take::<i32>(keys::REQUEST_METHOD), Some(7));
        let path: String = environment.take(keys::REQUEST_PATH).unwrap();
        assert_eq!(path, "/");
        assert!(!environment.contains(keys::REQUEST_PATH));
    };
    let say = |request: Request| format!("{} {}", request.method(), request.uri());
    assert_eq!(through(act, http::Request::get("/"), say), "GET /");
}

#[test]
fn keys_without_a_meaning_here_are_absent() {
    let absent = |environment: &Environment| {
        for key in [
            "owin.requestmethod",
            keys::REQUEST_USER,
            keys::SERVER_USER,
            keys::RESPONSE_REASON_PHRASE,
            keys::RESPONSE_PROTOCOL,
            keys::OPAQUE_UPGRADE,
            "ssl.LoadClientCertAsync",
            "sendfile.SendAsync",
            "websocket.Accept",
            "host.TraceOutput",
        ] {
            assert!(!environment.contains(key), "{key}");
        }
        let capabilities: Properties = environment.require(keys::CAPABILITIES).unwrap();
        assert!(!capabilities.contains(keys::OPAQUE_VERSION));
    };
    through(absent, http::Request::get("/"), |_| String::new());
}

#[test]
fn an_asterisk_is_no_path_and_stays_one_all_the_same() {
    let see = |environment: &Environment| {
        assert_eq!(environment.get::<String>(keys::REQUEST_PATH).unwrap(), "");
        assert_eq!(
            environment.get::<String>(keys::REQUEST_TARGET).unwrap(),
            "*"
        );
    };
    let request = http::Request::options("*").header("host", "a");
    assert_eq!(
        through(see, request, |request| request.uri().to_string()),
        "*"
    );
}
