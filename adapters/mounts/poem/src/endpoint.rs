use std::fmt;
use std::io;

use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use poem::http::uri::Scheme as UriScheme;
use poem::{Addr, Endpoint, Request, Response, ResponseParts};
use transom::adapter::{Arrival, Mount};
use transom::features::{
    ConnectionInfo, Endpoint as End, PathBase, Scheme, ServerInfo, Transport, UpgradeError,
    Upgraded,
};
use transom::{App, Application, Features};

/// The release of poem that this crate is made for.
const FRAMEWORK_VERSION: &str = "3.1";

/// Makes an application one that poem calls, by an [`endpoint`].
pub fn mount<A: Application>(app: A) -> Mount<A> {
    let mut features = Features::new();
    features.insert(
        ServerInfo::new("poem", FRAMEWORK_VERSION)
            .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
    );
    Mount::new(app, features).with_response_trailers()
}

/// Returns the mount as an endpoint: for `Route::nest`, whose path becomes the [`PathBase`], or for all
/// that nothing else answers, by `nest("/", ..)`.
///
/// ```
/// use poem::listener::{Acceptor, Listener, TcpListener};
/// use poem::{Route, Server, get, handler};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use transom::features::PathBase;
/// use transom::{Body, Request, RequestExt, Response};
///
/// #[handler]
/// fn old() -> &'static str {
///     "old"
/// }
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let app = async |request: Request| {
///     let base = request.feature::<PathBase>().map(PathBase::as_str).unwrap_or_default();
///     Response::new(Body::from(format!("{base} and {}", request.uri())))
/// };
/// let mount = transom_poem::mount(app);
/// let route = Route::new().at("/old", get(old)).nest("/new", transom_poem::endpoint(&mount));
///
/// let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
/// let address = acceptor.local_addr()[0].as_socket_addr().cloned().expect("it is of TCP");
/// tokio::spawn(Server::new_with_acceptor(acceptor).run(route));
///
/// let mut client = tokio::net::TcpStream::connect(address).await?;
/// client.write_all(b"GET /new/a?b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert!(answer.ends_with("/new and /a?b"));
/// # Ok::<_, std::io::Error>(())
/// # })?;
/// # Ok::<_, std::io::Error>(())
/// ```
pub fn endpoint<A: Application>(mount: &Mount<A>) -> MountEndpoint<A> {
    MountEndpoint(mount.clone())
}

/// A mount as poem calls it; see [`endpoint`].
pub struct MountEndpoint<A = App>(Mount<A>);

impl<A: Application> Endpoint for MountEndpoint<A> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let (arrival, target) = arrival(&request);
        let (head, body) = request.into_parts();
        let body: BoxBody<_, _> = body.into();
        let mut converted = http::Request::new(body);
        *converted.method_mut() = head.method;
        *converted.uri_mut() = target.unwrap_or(head.uri);
        *converted.version_mut() = head.version;
        *converted.headers_mut() = head.headers;
        *converted.extensions_mut() = head.extensions;
        let (head, body) = self.0.call(converted, arrival).await.into_parts();
        let head = ResponseParts {
            status: head.status,
            version: head.version,
            headers: head.headers,
            extensions: head.extensions,
        };
        // By its parts: the conversion of a whole response loses the length.
        let body = BoxBody::new(body.map_err(io::Error::other));
        Ok(Response::from_parts(head, body.into()))
    }
}

impl<A> Clone for MountEndpoint<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A> fmt::Debug for MountEndpoint<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MountEndpoint").field(&self.0).finish()
    }
}

/// Returns what the framework knows of a request, and its target before a prefix was taken off.
fn arrival(request: &Request) -> (Arrival, Option<http::Uri>) {
    let mut info = ConnectionInfo::new(transport(request.remote_addr()));
    if let Some(remote) = end(request.remote_addr()) {
        info = info.with_remote(remote);
    }
    if let Some(local) = end(request.local_addr()) {
        info = info.with_local(local);
    }
    let mut arrival = Arrival::new(info);
    if *request.scheme() == UriScheme::HTTPS {
        arrival = arrival.with_scheme(Scheme::Https);
    }
    if let Ok(on_upgrade) = request.take_upgrade() {
        arrival = arrival.with_upgrade(async {
            match on_upgrade.await {
                Ok(upgraded) => Ok(Upgraded::from_tokio(upgraded)),
                Err(error) => Err(UpgradeError::failed(error)),
            }
        });
    }
    let target = request.original_uri();
    match prefix(target.path(), request.uri().path()).map(PathBase::new) {
        Some(Ok(base)) => (arrival.with_path_base(base), Some(target.clone())),
        _ => (arrival, None),
    }
}

/// Returns what was taken off a path, unless it was changed in another way.
fn prefix<'p>(whole: &'p str, rest: &str) -> Option<&'p str> {
    if whole == rest {
        return None;
    }
    match rest {
        // Where all of it was taken off, it cannot be empty.
        "/" => Some(whole.strip_suffix('/').unwrap_or(whole)),
        rest => whole.strip_suffix(rest),
    }
}

fn transport(address: &Addr) -> Transport {
    match address {
        #[cfg(unix)]
        Addr::Unix(_) => Transport::Unix,
        _ => Transport::Tcp,
    }
}

fn end(address: &Addr) -> Option<End> {
    match address {
        Addr::SocketAddr(address) => Some(End::Tcp(*address)),
        #[cfg(unix)]
        Addr::Unix(address) => Some(End::Unix(address.as_pathname().map(Into::into))),
        Addr::Custom(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_locked_framework() {
        let lock = include_str!("../../../../Cargo.lock");
        let entry = format!("name = \"poem\"\nversion = \"{FRAMEWORK_VERSION}.");
        assert!(
            lock.contains(&entry),
            "FRAMEWORK_VERSION is not what is locked"
        );
    }

    #[test]
    fn what_was_taken_off_a_path_is_found() {
        assert_eq!(prefix("/a", "/a"), None);
        assert_eq!(prefix("/new/a", "/a"), Some("/new"));
        assert_eq!(prefix("/new", "/"), Some("/new"));
        assert_eq!(prefix("/new/", "/"), Some("/new"));
        assert_eq!(prefix("/new/a", "/rewritten"), None);
    }
}
