use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use salvo_core::conn::SocketAddr;
use salvo_core::http::ResBody;
use salvo_core::hyper::upgrade::OnUpgrade;
use salvo_core::rt::tokio::TokioIo;
use salvo_core::{BoxedError, ConnCtrl, Depot, FlowCtrl, Handler, Request, Response, async_trait};
use transom::adapter::{Arrival, Mount, MountBody};
use transom::features::{
    ConnectionInfo, Endpoint, Scheme, ServerInfo, Transport, UpgradeError, Upgraded,
};
use transom::{App, Application, Features};

/// The release of salvo that this crate is made for.
const FRAMEWORK_VERSION: &str = "1.1";

/// Makes an application one that salvo calls, by a [`handler`].
pub fn mount<A: Application>(app: A) -> Mount<A> {
    let mut features = Features::new();
    features.insert(
        ServerInfo::new("salvo", FRAMEWORK_VERSION)
            .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
    );
    Mount::new(app, features).with_response_trailers()
}

/// Returns the mount as a handler: the goal of a router whose path ends with a wildcard, `{**rest}`. salvo leaves
/// the path as it is, so the mount is told where it is.
///
/// ```
/// use salvo_core::prelude::*;
/// use salvo_core::test::{ResponseExt, TestClient};
/// use transom::features::PathBase;
/// use transom::{Body, Request, RequestExt, Response};
///
/// #[handler]
/// async fn old() -> &'static str {
///     "old"
/// }
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let app = async |request: Request| {
///     let base = request.feature::<PathBase>().map(PathBase::as_str).unwrap_or_default();
///     Response::new(Body::from(format!("{base} and {}", request.uri())))
/// };
/// let mount = transom_salvo::mount(app);
/// let new = mount.clone().with_path_base(PathBase::new("/new")?);
/// let router = Router::new()
///     .push(Router::with_path("old").get(old))
///     .push(Router::with_path("new/{**rest}").goal(transom_salvo::handler(&new)));
///
/// let request = TestClient::get("http://example.com/new/a?b").add_header("host", "example.com", true);
/// let answer = request.send(&Service::new(router)).await.take_string().await?;
/// assert_eq!(answer, "/new and /a?b");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn handler<A: Application>(mount: &Mount<A>) -> MountHandler<A> {
    MountHandler(mount.clone())
}

/// A mount as salvo calls it; see [`handler`].
pub struct MountHandler<A = App>(Mount<A>);

#[async_trait]
impl<A: Application> Handler for MountHandler<A> {
    async fn handle(
        &self,
        request: &mut Request,
        _: &mut Depot,
        response: &mut Response,
        _: &mut FlowCtrl,
    ) {
        let arrival = arrival(request);
        let mut converted = http::Request::new(request.take_body());
        *converted.method_mut() = request.method().clone();
        *converted.uri_mut() = request.uri().clone();
        *converted.version_mut() = request.version();
        *converted.headers_mut() = std::mem::take(request.headers_mut());
        *converted.extensions_mut() = std::mem::take(request.extensions_mut());
        let (head, body) = self.0.call(converted, arrival).await.into_parts();
        response.status_code = Some(head.status);
        response.version = head.version;
        response.headers.extend(head.headers);
        response.extensions.extend(head.extensions);
        response.body = ResBody::Boxed(Box::pin(Outgoing(body)));
    }
}

impl<A> Clone for MountHandler<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A> fmt::Debug for MountHandler<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MountHandler").field(&self.0).finish()
    }
}

/// Returns what the framework knows of a request.
fn arrival(request: &mut Request) -> Arrival {
    let mut info = ConnectionInfo::new(transport(request));
    if let Some(remote) = end(request.remote_addr()) {
        info = info.with_remote(remote);
    }
    if let Some(local) = end(request.local_addr()) {
        info = info.with_local(local);
    }
    let mut arrival = Arrival::new(info);
    if *request.scheme() == http::uri::Scheme::HTTPS {
        arrival = arrival.with_scheme(Scheme::Https);
    }
    let connection = request.extensions().get::<ConnCtrl>().cloned();
    match request.extensions_mut().remove::<OnUpgrade>() {
        Some(on_upgrade) => arrival.with_upgrade(async move {
            let upgraded = on_upgrade
                .await
                .map_err(|error| match error.is_canceled() {
                    true => UpgradeError::cancelled(),
                    false => UpgradeError::failed(error),
                })?;
            // The framework's timers are for requests.
            if let Some(connection) = connection {
                connection.relax_timeouts();
            }
            Ok(Upgraded::from_tokio(TokioIo::new(upgraded)))
        }),
        None => arrival,
    }
}

fn transport(request: &Request) -> Transport {
    match request.remote_addr() {
        #[cfg(unix)]
        SocketAddr::Unix(_) => Transport::Unix,
        _ if request.version() == http::Version::HTTP_3 => Transport::Quic,
        _ => Transport::Tcp,
    }
}

fn end(address: &SocketAddr) -> Option<Endpoint> {
    match address {
        #[cfg(unix)]
        SocketAddr::Unix(address) => Some(Endpoint::Unix(address.as_pathname().map(Into::into))),
        address => address.clone().into_std().map(Endpoint::Tcp),
    }
}

/// The body of a response, with the framework's error.
struct Outgoing(MountBody);

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = BoxedError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxedError>>> {
        let polled = Pin::new(&mut self.0).poll_frame(cx);
        polled.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_locked_framework() {
        let lock = include_str!("../../../../Cargo.lock");
        let entry = format!("name = \"salvo_core\"\nversion = \"{FRAMEWORK_VERSION}.");
        assert!(
            lock.contains(&entry),
            "FRAMEWORK_VERSION is not what is locked"
        );
    }
}
