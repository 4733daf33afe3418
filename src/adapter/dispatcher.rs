use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http_body::Body as HttpBody;

use super::observe::Observed;
use super::response_body::Guard;
use super::{Begun, Call, Connection, head};
use crate::body::{Body, BoxError, Limited};
use crate::contract::{Application, Shutdown};
use crate::features::{
    ConnectionInfo, Features, MaxRequestBodySize, OriginalTarget, Scheme, ServerLifetime,
    ServerStatistics, Upgrade,
};

/// Calls an application for a server, and does around each call what every server has to.
///
/// A server makes one when it begins to serve, a [`Connection`] for each connection, and a [`Call`], or a
/// [`Begun`], for each request.
///
/// ```
/// use transom::adapter::Dispatcher;
/// use transom::features::{ConnectionInfo, Scheme, ServerInfo, Transport};
/// use transom::{Body, Features, Request, Response, Shutdown};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let mut features = Features::new();
/// features.insert(ServerInfo::new("doc", "1.0"));
///
/// let (_trigger, shutdown) = Shutdown::pair();
/// let app = |request: Request| async move { Response::new(Body::from(request.uri().to_string())) };
/// let dispatcher = Dispatcher::new(app, features, &shutdown);
///
/// let connection = dispatcher.connection(ConnectionInfo::new(Transport::Memory), Scheme::Http);
/// let request = http::Request::get("http://example.com/path?query").body(Body::empty())?;
/// let response = dispatcher.call(&connection, request).run().await?;
/// assert_eq!(Body::new(response.into_body()).collect(64).await?, "/path?query");
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct Dispatcher<A> {
    app: Arc<A>,
    features: Arc<Features>,
    statistics: ServerStatistics,
    max_request_body_size: Option<u64>,
}

impl<A: Application> Dispatcher<A> {
    /// Returns a dispatcher of `app` for the server whose features these are. Adds [`ServerLifetime`],
    /// and [`ServerStatistics`] unless the server has them.
    pub fn new(app: A, mut features: Features, shutdown: &Shutdown) -> Self {
        let statistics = match features.get::<ServerStatistics>() {
            Some(statistics) => statistics.clone(),
            None => ServerStatistics::new(),
        };
        features.insert(statistics.clone());
        features.insert::<ServerLifetime>(shutdown.lifetime());
        #[cfg(feature = "metrics")]
        super::observe::describe();
        Self {
            app: Arc::new(app),
            features: Arc::new(features),
            statistics,
            max_request_body_size: Some(MaxRequestBodySize::DEFAULT),
        }
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by default.
    #[must_use]
    pub fn with_max_request_body_size(self, limit: Option<u64>) -> Self {
        Self {
            max_request_body_size: limit,
            ..self
        }
    }

    /// Returns what is in flight, which a server waits for when it stops.
    pub fn statistics(&self) -> &ServerStatistics {
        &self.statistics
    }

    /// Begins a connection.
    pub fn connection(&self, info: ConnectionInfo, scheme: Scheme) -> Connection {
        Connection::new(Arc::clone(&self.features), info, scheme)
    }

    /// Begins a request, which counts as in flight from now on.
    ///
    /// Its URI may have any of the forms of RFC 9112, section 3.2, or be HTTP/2's; its extensions are kept.
    /// An engine's own body is best handed over as it is: held to its limit, it costs one box.
    pub fn call<B>(&self, connection: &Connection, request: http::Request<B>) -> Call<A>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        self.convert(connection, request, None)
    }

    /// As [`call`](Self::call), for a request that may take the connection over. The offer is completed,
    /// or dropped, when the response is there.
    ///
    /// With the feature `upgrade-bridge` the request gets hyper's `OnUpgrade` too, made so that it
    /// works on any server.
    pub fn call_upgradable<B>(
        &self,
        connection: &Connection,
        request: http::Request<B>,
        offer: Arc<dyn Upgrade>,
    ) -> Call<A>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        self.convert(connection, request, Some(offer))
    }

    /// Begins a request by its head alone, which counts as in flight from now on. The head is made what the
    /// application shall see; the engine may add to its features.
    ///
    /// With an offer the request may take the connection over, as in
    /// [`call_upgradable`](Self::call_upgradable). For an engine whose futures may borrow the dispatcher;
    /// others [`call`](Self::call).
    #[inline]
    pub fn begin(
        &self,
        connection: &Connection,
        head: &mut Parts,
        offer: Option<Arc<dyn Upgrade>>,
    ) -> Begun<'_, A> {
        let guard = self.prepare(connection, head, offer.as_ref());
        Begun::new(self, guard, offer)
    }

    pub(super) fn features(&self) -> &Arc<Features> {
        &self.features
    }

    #[inline]
    pub(super) fn app(&self) -> &Arc<A> {
        &self.app
    }

    fn convert<B>(
        &self,
        connection: &Connection,
        request: http::Request<B>,
        offer: Option<Arc<dyn Upgrade>>,
    ) -> Call<A>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let (mut head, body) = request.into_parts();
        let guard = self.prepare(connection, &mut head, offer.as_ref());
        let request = http::Request::from_parts(head, limited(body, &guard));
        Call::new(Arc::clone(&self.app), request, guard, offer)
    }

    fn prepare(
        &self,
        connection: &Connection,
        head: &mut Parts,
        offer: Option<&Arc<dyn Upgrade>>,
    ) -> Guard {
        let target = OriginalTarget::new(head.uri.clone());
        let scope = connection.begin(self.max_request_body_size);
        head::normalize(head);
        let mut features = Features::of_request(
            Arc::clone(connection.features()),
            Arc::clone(&scope),
            target,
        );
        if let Some(offer) = offer {
            features.insert_shared(Arc::clone(offer));
        }
        head.extensions.insert(features);
        let observed = Observed::begin(connection, head);
        Guard::new(scope, self.statistics.count_request(), observed)
    }
}

/// Holds the body of a request to its limit.
#[inline(always)]
pub(super) fn limited<B>(body: B, guard: &Guard) -> Body
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    match body.is_end_stream() {
        true => Body::empty(),
        false => Body::new(Limited::new(body, guard.max_body_size().clone())),
    }
}

impl<A> Clone for Dispatcher<A> {
    fn clone(&self) -> Self {
        Self {
            app: Arc::clone(&self.app),
            features: Arc::clone(&self.features),
            statistics: self.statistics.clone(),
            max_request_body_size: self.max_request_body_size,
        }
    }
}

impl<A> fmt::Debug for Dispatcher<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("application", &std::any::type_name::<A>())
            .field("features", &self.features)
            .finish()
    }
}
