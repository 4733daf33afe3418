use std::net::SocketAddr;

use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderValue, Method, Uri, Version, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use transom::adapter::{Arrival, Mount};
use transom::features::{
    ConnectionInfo, Endpoint, PathBase, ServerInfo, Transport, UpgradeError, Upgraded,
};
use transom::{Application, Body, Features};
use warp::path::{FullPath, Tail};
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::body::{self, Incoming};

/// The release of warp that this crate is made for.
const FRAMEWORK_VERSION: &str = "0.4";

/// Makes an application one that warp calls, by a [`filter`].
pub fn mount<A: Application>(app: A) -> Mount<A> {
    let mut features = Features::new();
    features.insert(
        ServerInfo::new("warp", FRAMEWORK_VERSION)
            .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
    );
    Mount::new(app, features)
}

/// Returns the mount as a filter, which takes every request that comes to it. What the filters before it have
/// matched of the path becomes the [`PathBase`].
///
/// ```
/// use transom::features::PathBase;
/// use transom::{Body, Request, RequestExt, Response};
/// use warp::Filter;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let app = async |request: Request| {
///     let base = request.feature::<PathBase>().map(PathBase::as_str).unwrap_or_default();
///     Response::new(Body::from(format!("{base} and {}", request.uri())))
/// };
/// let mount = transom_warp::mount(app);
/// let old = warp::path!("old").map(|| "old");
/// let routes = old.or(warp::path("new").and(transom_warp::filter(&mount)));
///
/// let request = warp::test::request().path("/new/a?b").header("host", "example.com");
/// assert_eq!(request.reply(&routes).await.body(), "/new and /a?b");
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
pub fn filter<A: Application>(
    mount: &Mount<A>,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + use<A> {
    let mount = mount.clone();
    let query = warp::query::raw().map(Some);
    let no_query = warp::any().map(|| None);
    warp::method()
        .and(warp::path::full())
        .and(warp::path::tail())
        .and(query.or(no_query).unify())
        .and(warp::host::optional())
        .and(warp::header::headers_cloned())
        .and(warp::addr::remote())
        .and(warp::ext::optional::<OnUpgrade>())
        .and(warp::body::stream())
        .then(
            move |method, path, tail, query, host, headers, remote, on_upgrade, content| {
                let is_head = method == Method::HEAD;
                let body = match body::may_follow(&headers) {
                    true => Body::new(Incoming::new(content, body::length(&headers))),
                    false => Body::empty(),
                };
                let head = Head {
                    method,
                    path,
                    query,
                    host,
                    headers,
                };
                let arrival = arrival(&head.path, &tail, remote, on_upgrade);
                let called = head
                    .request(body)
                    .map(|request| mount.call(request, arrival));
                async move {
                    match called {
                        Some(called) => body::reply(called.await, is_head),
                        None => body::bad_request(),
                    }
                }
            },
        )
}

/// What warp tells of the head of a request.
struct Head {
    method: Method,
    path: FullPath,
    query: Option<String>,
    host: Option<Authority>,
    headers: HeaderMap,
}

impl Head {
    fn request(self, body: Body) -> Option<http::Request<Body>> {
        let path = self.path.as_str();
        let target = match self.query {
            Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
            None => PathAndQuery::try_from(path),
        };
        let mut request = http::Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = Uri::from(target.ok()?);
        *request.headers_mut() = self.headers;
        if !request.headers().contains_key(header::HOST)
            && let Some(host) = self.host
        {
            // It can only come from the `:authority` of HTTP/2. warp does not tell the version.
            *request.version_mut() = Version::HTTP_2;
            let host = HeaderValue::from_str(host.as_str()).ok()?;
            request.headers_mut().insert(header::HOST, host);
        }
        Some(request)
    }
}

/// Returns what the framework knows of a request beside its head.
fn arrival(
    path: &FullPath,
    tail: &Tail,
    remote: Option<SocketAddr>,
    on_upgrade: Option<OnUpgrade>,
) -> Arrival {
    let mut info = ConnectionInfo::new(Transport::Tcp);
    if let Some(remote) = remote {
        info = info.with_remote(Endpoint::Tcp(remote));
    }
    let mut arrival = Arrival::new(info);
    let prefix = path.as_str().strip_suffix(tail.as_str());
    if let Some(Ok(base)) = prefix.map(PathBase::new) {
        arrival = arrival.with_path_base(base);
    }
    match on_upgrade {
        Some(on_upgrade) => arrival.with_upgrade(async {
            match on_upgrade.await {
                Ok(upgraded) => Ok(Upgraded::from_tokio(TokioIo::new(upgraded))),
                Err(error) if error.is_canceled() => Err(UpgradeError::cancelled()),
                Err(error) => Err(UpgradeError::failed(error)),
            }
        }),
        None => arrival,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_locked_framework() {
        let lock = include_str!("../../../../Cargo.lock");
        let entry = format!("name = \"warp\"\nversion = \"{FRAMEWORK_VERSION}.");
        assert!(
            lock.contains(&entry),
            "FRAMEWORK_VERSION is not what is locked"
        );
    }
}
