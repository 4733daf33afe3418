use std::any::Any;
use std::sync::Arc;

use super::{
    ConnectionId, Feature, MaxRequestBodySize, OriginalTarget, RequestIdentifier, RequestLifetime,
};

/// Features that every request has, in one allocation that a connection uses again.
///
/// For authors of servers: make one for each request and hand it to
/// [`Features::of_request`](super::Features::of_request). A connection that answers one request after the
/// other keeps it and calls [`renew`](Self::renew), which costs no allocation once the last request is
/// over.
///
/// ```
/// use std::sync::Arc;
/// use transom::features::{ConnectionId, Features, OriginalTarget, RequestIdentifier, RequestScope};
///
/// let connection = ConnectionId::next();
/// let target = OriginalTarget::new("/a%2Fb".parse::<http::Uri>()?);
/// let mut scope = RequestScope::new(connection, 1, Some(30_000_000));
///
/// let server = Arc::new(Features::new());
/// let features = Features::of_request(Arc::clone(&server), Arc::clone(&scope), target.clone());
/// assert_eq!(features.require::<OriginalTarget>()?.to_string(), "/a%2Fb");
/// let first = features.require::<RequestIdentifier>()?.to_string();
///
/// RequestScope::renew(&mut scope, connection, 2, None);
/// let features = Features::of_request(server, scope, target);
/// assert_ne!(features.require::<RequestIdentifier>()?.to_string(), first);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RequestScope {
    lifetime: RequestLifetime,
    identifier: RequestIdentifier,
    max_body_size: MaxRequestBodySize,
}

impl RequestScope {
    /// Returns the scope of the `ordinal`th request of a connection, whose body may have
    /// `max_body_size` bytes (`None`: any number).
    pub fn new(connection: ConnectionId, ordinal: u32, max_body_size: Option<u64>) -> Arc<Self> {
        Arc::new(Self {
            lifetime: RequestLifetime::new(),
            identifier: RequestIdentifier::generated(connection, ordinal),
            max_body_size: MaxRequestBodySize::new(max_body_size),
        })
    }

    /// Makes `scope` that of the next request; in place if nobody holds on to the last one.
    #[inline]
    pub fn renew(
        scope: &mut Arc<Self>,
        connection: ConnectionId,
        ordinal: u32,
        max_body_size: Option<u64>,
    ) {
        match Arc::get_mut(scope) {
            Some(own) => {
                own.lifetime.renew();
                own.identifier = RequestIdentifier::generated(connection, ordinal);
                own.max_body_size.renew(max_body_size);
            }
            None => *scope = Self::new(connection, ordinal, max_body_size),
        }
    }

    /// Returns the lifetime, for the server to end it.
    pub fn lifetime(&self) -> &RequestLifetime {
        &self.lifetime
    }

    /// Returns the limit that the server holds the body to.
    pub fn max_body_size(&self) -> &MaxRequestBodySize {
        &self.max_body_size
    }
}

/// What a request's own [`Features`](super::Features) begin with. The target is not part of the scope: it
/// shares the memory that the head was read into, which must not outlive the request.
#[derive(Clone)]
pub(super) struct RequestFeatures {
    scope: Arc<RequestScope>,
    target: OriginalTarget,
}

impl RequestFeatures {
    pub(super) const NAMES: [&'static str; 4] = [
        RequestLifetime::NAME,
        RequestIdentifier::NAME,
        MaxRequestBodySize::NAME,
        OriginalTarget::NAME,
    ];

    pub(super) fn new(scope: Arc<RequestScope>, target: OriginalTarget) -> Self {
        Self { scope, target }
    }

    pub(super) fn get<F: Feature + ?Sized>(&self) -> Option<&F> {
        projection::<F>().map(|projection| (projection.borrow)(self))
    }

    pub(super) fn get_shared<F: Feature + ?Sized>(&self) -> Option<Arc<F>> {
        projection::<F>().map(|projection| (projection.share)(self))
    }
}

/// How to get from all of them to one. A `fn` that returns `&F` is sized even where `F` is
/// not, so that a lookup by any key can ask for its projection through [`Any`].
struct Projection<F: ?Sized> {
    borrow: fn(&RequestFeatures) -> &F,
    share: fn(&RequestFeatures) -> Arc<F>,
}

macro_rules! projections {
    ($($($field:ident).+: $feature:ty),* $(,)?) => {
        fn projection<F: Feature + ?Sized>() -> Option<&'static Projection<F>> {
            $({
                static PROJECTION: Projection<$feature> = Projection {
                    borrow: |all| &all.$($field).+,
                    share: |all| Arc::new(all.$($field).+.clone()),
                };
                let any: &'static dyn Any = &PROJECTION;
                if let Some(projection) = any.downcast_ref::<Projection<F>>() {
                    return Some(projection);
                }
            })*
            None
        }
    };
}

projections! {
    scope.lifetime: RequestLifetime,
    scope.identifier: RequestIdentifier,
    scope.max_body_size: MaxRequestBodySize,
    target: OriginalTarget,
}
