//! What the tests share.

use std::cell::RefCell;
use std::future::Future;
use std::sync::Once;
use std::time::Duration;

use transom::features::{ConnectionInfo, Endpoint, PathBase, Scheme, Transport};
use transom::testing::TestServer;
use transom::{App, ApplicationBuilder, Body, Request, RequestExt, Response};

/// Runs a test's future; nothing here may take longer than the deadline.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(10), test)
            .await
            .expect("the test takes longer than 10 s")
    })
}

thread_local! {
    static LOG: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Returns what is logged on this thread meanwhile.
pub(crate) fn logged<T>(test: impl FnOnce() -> T) -> String {
    log_of_this_thread();
    test();
    let log = log_of_this_thread();
    LOG.set(None);
    log
}

/// Returns what was logged on this thread since this was called last, and nothing the first time.
pub(crate) fn log_of_this_thread() -> String {
    struct Log;
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let append =
                |log: &mut Option<Vec<u8>>| log.iter_mut().for_each(|log| log.extend(bytes));
            LOG.with_borrow_mut(append);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    // One for all threads: with one of a thread's own, the others would turn events off for it.
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber = tracing_subscriber::fmt().with_ansi(false);
        subscriber.with_writer(|| Log).init();
    });
    let log = LOG.replace(Some(Vec::new()));
    String::from_utf8(log.unwrap_or_default()).unwrap()
}

/// Sends one request to an application on a server.
pub(crate) async fn send(app: App, request: http::Request<Body>) -> Response {
    let client = TestServer::new().start(app).await.unwrap();
    client.send(request).await.unwrap()
}

pub(crate) async fn text(response: Response) -> String {
    let bytes = response.into_body().collect(1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Makes requests come from an address, as they would over TCP; without one, over TCP all the same.
pub(crate) fn coming_from(app: ApplicationBuilder, peer: Option<&str>) -> ApplicationBuilder {
    let info = ConnectionInfo::new(Transport::Tcp);
    let info = match peer {
        Some(peer) => info.with_remote(Endpoint::Tcp(peer.parse().unwrap())),
        None => info,
    };
    with_feature(app, info)
}

pub(crate) fn with_feature<F: transom::Feature + Clone>(
    app: ApplicationBuilder,
    feature: F,
) -> ApplicationBuilder {
    app.use_fn(move |mut request, next| {
        request.features_mut().insert(feature.clone());
        async move { next.run(request).await }
    })
}

/// Says what the request looks like: `client scheme host path-base`.
pub(crate) async fn describe(request: Request) -> String {
    let remote = request
        .feature::<ConnectionInfo>()
        .and_then(ConnectionInfo::remote)
        .map_or_else(|| "-".into(), ToString::to_string);
    let scheme = request
        .feature::<Scheme>()
        .map_or("-", |scheme| scheme.as_str());
    let base = request.feature::<PathBase>().map_or("-", PathBase::as_str);
    let host = request.headers().get("host");
    let host = host.map_or("-", |host| host.to_str().unwrap());
    let mut text = format!("{remote} {scheme} {host} {base}");
    let mut fields: Vec<_> = request.headers().iter().collect();
    fields.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in fields {
        if name.as_str().starts_with("x-") || name == "forwarded" {
            text += &format!(" | {name}: {}", String::from_utf8_lossy(value.as_bytes()));
        }
    }
    text
}
