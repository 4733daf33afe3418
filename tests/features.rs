//! The features, through their public interface.
#![allow(clippy::unwrap_used)]
#![allow(missing_docs, reason = "a test")]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use transom::adapter::{Dispatcher, upgrade_offer};
use transom::features::{
    ConnectionId, ConnectionInfo, MaxRequestBodySize, OriginalTarget, PathBase, RequestIdentifier,
    RequestLifetime, RequestScope, Scheme, ServerInfo, ServerLifetime, ServerStatistics, Transport,
    Upgrade,
};
use transom::{Body, Feature, Features, Request, RequestExt, Response, Shutdown};

fn run<F: Future>(test: F) -> F::Output {
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

#[derive(Debug)]
struct Tenant(&'static str);

impl Feature for Tenant {
    const NAME: &'static str = "test.tenant";
}

trait Clock: Send + Sync {
    fn now(&self) -> usize;
}

impl Feature for dyn Clock {
    const NAME: &'static str = "test.clock";
}

struct Stopped(usize);

impl Clock for Stopped {
    fn now(&self) -> usize {
        self.0
    }
}

/// Wraps another clock, as middleware wraps what a server supplies.
struct Later {
    clock: Arc<dyn Clock>,
    calls: AtomicUsize,
}

impl Clock for Later {
    fn now(&self) -> usize {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.clock.now() + 1
    }
}

fn scope(parent: &Arc<Features>) -> Features {
    Features::scope(Arc::clone(parent))
}

/// The features of a request as servers make them: three scopes.
fn three_scopes() -> (Arc<Features>, Arc<Features>, Features) {
    let mut server = Features::new();
    server.insert(ServerInfo::new("test", "1.0"));
    server.insert(Tenant("server"));
    let server = Arc::new(server);
    let mut connection = scope(&server);
    connection.insert(ConnectionInfo::new(Transport::Memory));
    let connection = Arc::new(connection);
    let target = OriginalTarget::new("/x".parse::<http::Uri>().unwrap());
    let request = RequestScope::new(ConnectionId::next(), 1, Some(5));
    let request = Features::of_request(Arc::clone(&connection), request, target);
    (server, connection, request)
}

#[test]
fn a_lookup_goes_from_the_request_over_the_connection_to_the_server() {
    let (server, _, mut request) = three_scopes();
    assert_eq!(request.get::<ServerInfo>().unwrap().name(), "test");
    assert!(request.contains::<ConnectionInfo>());
    assert!(request.contains::<RequestLifetime>());
    assert_eq!(request.get::<OriginalTarget>().unwrap().to_string(), "/x");
    assert!(!request.contains::<PathBase>());
    assert!(!server.contains::<RequestLifetime>(), "never the other way");

    assert_eq!(request.get::<Tenant>().unwrap().0, "server");
    request.insert(Tenant("request"));
    assert_eq!(request.get::<Tenant>().unwrap().0, "request");
    assert_eq!(server.get::<Tenant>().unwrap().0, "server");
    assert!(request.remove::<Tenant>());
    assert_eq!(request.get::<Tenant>().unwrap().0, "server");
    assert!(!request.remove::<Tenant>(), "a parent's cannot be hidden");
}

#[test]
fn middleware_replaces_a_standard_feature_of_the_request_and_gives_it_back() {
    let (_, _, mut request) = three_scopes();
    let generated = request.get::<RequestIdentifier>().unwrap().to_string();
    request.insert(RequestIdentifier::new("from-a-header"));
    let given = request.get_shared::<RequestIdentifier>().unwrap();
    assert_eq!(given.to_string(), "from-a-header");
    assert!(request.remove::<RequestIdentifier>());
    let again = request.get::<RequestIdentifier>().unwrap().to_string();
    assert_eq!(again, generated);
}

#[test]
fn a_handle_of_a_standard_feature_is_the_same_feature() {
    let (_, _, request) = three_scopes();
    let shared = request.get_shared::<RequestLifetime>().unwrap();
    let size = request.get_shared::<MaxRequestBodySize>().unwrap();
    shared.abort();
    size.set(Some(9)).unwrap();
    assert!(request.get::<RequestLifetime>().unwrap().is_aborted());
    assert_eq!(
        request.get::<MaxRequestBodySize>().unwrap().limit(),
        Some(9)
    );
}

#[test]
fn the_revision_grows_with_a_change_in_any_scope_and_with_nothing_else() {
    let (server, connection, mut request) = three_scopes();
    let start = request.revision();
    assert_eq!(start, connection.revision());
    assert!(connection.revision() > server.revision());
    request.insert(Tenant("a"));
    request.insert(Tenant("a"));
    assert_eq!(request.revision(), start + 2, "the same value counts too");
    let _ = (
        request.get::<Tenant>(),
        request.require::<Tenant>(),
        request.names().count(),
    );
    assert_eq!(request.revision(), start + 2, "reading does not count");
    request.remove::<Tenant>();
    request.remove::<Tenant>();
    assert_eq!(
        request.revision(),
        start + 3,
        "removing nothing does not count"
    );
}

#[test]
fn names_enumerate_each_feature_once_the_nearest_scope_first() {
    let (_, _, mut request) = three_scopes();
    request.insert(Tenant("request"));
    request.insert(RequestIdentifier::new("mine"));
    assert_eq!(
        request.names().collect::<Vec<_>>(),
        [
            "test.tenant",
            "request.identifier",
            "request.lifetime",
            "request.max_body_size",
            "request.original_target",
            "connection.info",
            "server.info",
        ]
    );
    assert_eq!(
        format!("{:?}", Features::new()),
        "Features {}",
        "an empty collection prints as one"
    );
}

#[test]
fn a_trait_object_is_a_key_of_its_own_and_may_be_wrapped() {
    let mut features = Features::new();
    features.insert_shared::<dyn Clock>(Arc::new(Stopped(7)));
    assert_eq!(features.get::<dyn Clock>().unwrap().now(), 7);

    let clock = features.get_shared::<dyn Clock>().unwrap();
    let calls = AtomicUsize::new(0);
    features.insert_shared::<dyn Clock>(Arc::new(Later { clock, calls }));
    assert_eq!(features.get::<dyn Clock>().unwrap().now(), 8);
    assert_eq!(features.names().collect::<Vec<_>>(), ["test.clock"]);
}

#[test]
fn an_upgrade_is_taken_once_from_whichever_handle() {
    let (offer, _completion) = upgrade_offer();
    let mut features = Features::new();
    features.insert_shared::<dyn Upgrade>(offer);
    let other = features.clone();
    let taken = other.get::<dyn Upgrade>().unwrap().accept();
    assert!(taken.is_ok());
    let again = features.get::<dyn Upgrade>().unwrap().accept();
    assert!(again.unwrap_err().is_taken());
}

#[test]
fn require_names_what_is_missing_who_lacks_it_and_what_there_is() {
    let (_, _, request) = three_scopes();
    let missing = request.require::<dyn Upgrade>().err().unwrap();
    assert_eq!(missing.feature(), "request.upgrade");
    assert_eq!(
        missing.to_string(),
        "the server test/1.0 does not provide the feature `request.upgrade`; it provides \
         request.lifetime, request.identifier, request.max_body_size, request.original_target, \
         connection.info, server.info, test.tenant"
    );
    let error = transom::Error::from(missing);
    assert!(error.is_configuration());

    let nothing = Features::new();
    assert_eq!(
        nothing.require::<ServerInfo>().unwrap_err().to_string(),
        "no server provides the feature `server.info`; there are none at all"
    );
}

#[test]
fn a_clone_is_a_collection_of_its_own_over_the_same_values() {
    let (_, _, mut request) = three_scopes();
    request.insert(Tenant("before"));
    let mut copy = request.clone();
    copy.insert(Tenant("copy"));
    request.insert(PathBase::new("/a").unwrap());
    assert_eq!(request.get::<Tenant>().unwrap().0, "before");
    assert!(!copy.contains::<PathBase>());
    copy.get::<RequestLifetime>().unwrap().abort();
    assert!(request.get::<RequestLifetime>().unwrap().is_aborted());
}

#[test]
fn features_survive_the_clone_and_the_parts_of_a_request() {
    let mut request: Request = Request::new(Body::empty());
    request.features_mut().insert(Tenant("kept"));
    let (mut parts, body) = request.into_parts();
    assert_eq!(parts.feature::<Tenant>().unwrap().0, "kept");
    parts.features_mut().insert(PathBase::new("/a").unwrap());
    let extensions = parts.extensions.clone();
    let mut other = http::Request::new(());
    *other.extensions_mut() = extensions;
    assert_eq!(other.feature::<Tenant>().unwrap().0, "kept");
    let request = Request::from_parts(parts, body);
    assert_eq!(request.feature::<PathBase>().unwrap().as_str(), "/a");
}

#[test]
fn a_request_that_no_server_made_has_no_features() {
    let request = Request::new(Body::empty());
    assert_eq!(request.features().names().count(), 0);
    assert_eq!(request.features().revision(), 0);
}

#[test]
fn a_dispatcher_gives_each_request_its_features_and_the_next_one_its_own() {
    run(async {
        let (sender, seen) = std::sync::mpsc::channel();
        let app = move |request: Request| {
            let features = request.features().clone();
            sender.send(features).unwrap();
            async { Response::new(Body::empty()) }
        };
        let mut features = Features::new();
        features.insert(ServerInfo::new("test", "1.0"));
        let (trigger, shutdown) = Shutdown::pair();
        let dispatcher = Dispatcher::new(app, features, &shutdown);
        let connection =
            dispatcher.connection(ConnectionInfo::new(Transport::Memory), Scheme::Https);
        for path in ["/first", "/second"] {
            let request = http::Request::get(path).body(Body::empty()).unwrap();
            dispatcher.call(&connection, request).run().await.unwrap();
        }
        let (first, second) = (seen.recv().unwrap(), seen.recv().unwrap());
        let target = |features: &Features| features.get::<OriginalTarget>().unwrap().to_string();
        assert_eq!(
            (target(&first), target(&second)),
            ("/first".into(), "/second".into())
        );
        let id = |features: &Features| features.get::<RequestIdentifier>().unwrap().to_string();
        assert_ne!(id(&first), id(&second));
        let connection = |features: &Features| features.get::<ConnectionInfo>().unwrap().id();
        assert_eq!(connection(&first), connection(&second));
        assert_eq!(second.get::<Scheme>(), Some(&Scheme::Https));
        assert_eq!(
            second.get::<MaxRequestBodySize>().unwrap().limit(),
            Some(30_000_000)
        );
        assert!(second.get::<ServerStatistics>().unwrap().is_idle());
        assert!(!second.get::<ServerLifetime>().unwrap().is_stopping());
        trigger.request();
        assert!(second.get::<ServerLifetime>().unwrap().is_stopping());

        second.get::<RequestLifetime>().unwrap().abort();
        assert!(
            !first.get::<RequestLifetime>().unwrap().is_disconnected(),
            "a handle that was kept stays with its own request"
        );
    });
}

#[test]
fn every_standard_feature_has_a_name_of_its_own() {
    let names = [
        transom::features::ServerAddresses::NAME,
        ServerInfo::NAME,
        ServerLifetime::NAME,
        ServerStatistics::NAME,
        transom::features::ResponseTrailers::NAME,
        ConnectionInfo::NAME,
        Scheme::NAME,
        RequestLifetime::NAME,
        RequestIdentifier::NAME,
        MaxRequestBodySize::NAME,
        OriginalTarget::NAME,
        PathBase::NAME,
        <dyn Upgrade>::NAME,
    ];
    let distinct: std::collections::HashSet<_> = names.into_iter().collect();
    assert_eq!(distinct.len(), names.len());
    for name in names {
        let (scope, noun) = name.split_once('.').unwrap();
        assert!(
            ["server", "connection", "request", "response"].contains(&scope),
            "{name}"
        );
        assert!(
            noun.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "{name}"
        );
    }
}

#[test]
fn a_connection_keeps_nothing_of_the_memory_of_its_last_request() {
    run(async {
        let app = |_: Request| async { Response::new(Body::empty()) };
        let dispatcher = Dispatcher::new(app, Features::new(), &Shutdown::never());
        let connection =
            dispatcher.connection(ConnectionInfo::new(Transport::Memory), Scheme::Http);
        let read = bytes::Bytes::from("/path".to_owned().into_bytes());
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = http::Uri::from_maybe_shared(read.clone()).unwrap();
        let response = dispatcher.call(&connection, request).run().await;
        drop(response);
        // An engine reads the next request into the same buffer, if nobody holds it.
        assert!(read.is_unique());
    });
}
