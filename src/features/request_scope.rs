use std::any::Any;
use std::sync::Arc;

use super::{
    ConnectionId, Feature, MaxRequestBodySize, OriginalTarget, RequestIdentifier, RequestLifetime,
};

/// The features that every request has, in one allocation that a connection uses again.
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
/// let mut scope = RequestScope::new(connection, 1, target.clone(), Some(30_000_000));
///
/// let features = Features::of_request(Arc::new(Features::new()), Arc::clone(&scope));
/// assert_eq!(features.require::<OriginalTarget>()?.to_string(), "/a%2Fb");
/// let first = features.require::<RequestIdentifier>()?.to_string();
///
/// RequestScope::renew(&mut scope, connection, 2, target, None);
/// let features = Features::of_request(Arc::new(Features::new()), scope);
/// assert_ne!(features.require::<RequestIdentifier>()?.to_string(), first);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RequestScope {
    lifetime: RequestLifetime,
    identifier: RequestIdentifier,
    max_body_size: MaxRequestBodySize,
    target: OriginalTarget,
}

impl RequestScope {
    pub(super) const NAMES: [&'static str; 4] = [
        RequestLifetime::NAME,
        RequestIdentifier::NAME,
        MaxRequestBodySize::NAME,
        OriginalTarget::NAME,
    ];

    /// Returns the scope of the `ordinal`th request of a connection, whose body may have
    /// `max_body_size` bytes (`None`: any number).
    pub fn new(
        connection: ConnectionId,
        ordinal: u32,
        target: OriginalTarget,
        max_body_size: Option<u64>,
    ) -> Arc<Self> {
        Arc::new(Self {
            lifetime: RequestLifetime::new(),
            identifier: RequestIdentifier::generated(connection, ordinal),
            max_body_size: MaxRequestBodySize::new(max_body_size),
            target,
        })
    }

    /// Makes `scope` that of the next request; in place if nobody holds on to the last one.
    pub fn renew(
        scope: &mut Arc<Self>,
        connection: ConnectionId,
        ordinal: u32,
        target: OriginalTarget,
        max_body_size: Option<u64>,
    ) {
        match Arc::get_mut(scope) {
            Some(own) => {
                own.lifetime.renew();
                own.identifier = RequestIdentifier::generated(connection, ordinal);
                own.max_body_size.renew(max_body_size);
                own.target = target;
            }
            None => *scope = Self::new(connection, ordinal, target, max_body_size),
        }
    }

    /// Lets go of the target, when the request is over.
    pub(crate) fn forget_target(&mut self) {
        self.target = OriginalTarget::new(http::Uri::default());
    }

    /// Returns the lifetime, for the server to end it.
    pub fn lifetime(&self) -> &RequestLifetime {
        &self.lifetime
    }

    /// Returns the limit that the server holds the body to.
    pub fn max_body_size(&self) -> &MaxRequestBodySize {
        &self.max_body_size
    }

    pub(super) fn get<F: Feature + ?Sized>(&self) -> Option<&F> {
        projection::<F>().map(|projection| (projection.borrow)(self))
    }

    pub(super) fn get_shared<F: Feature + ?Sized>(&self) -> Option<Arc<F>> {
        projection::<F>().map(|projection| (projection.share)(self))
    }
}

/// How to get from the scope to one of its features. A `fn` that returns `&F` is sized even where `F` is
/// not, so that a lookup by any key can ask for its projection through [`Any`].
struct Projection<F: ?Sized> {
    borrow: fn(&RequestScope) -> &F,
    share: fn(&RequestScope) -> Arc<F>,
}

macro_rules! projections {
    ($($field:ident: $feature:ty),* $(,)?) => {
        fn projection<F: Feature + ?Sized>() -> Option<&'static Projection<F>> {
            $({
                static PROJECTION: Projection<$feature> = Projection {
                    borrow: |scope| &scope.$field,
                    share: |scope| Arc::new(scope.$field.clone()),
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
    lifetime: RequestLifetime,
    identifier: RequestIdentifier,
    max_body_size: MaxRequestBodySize,
    target: OriginalTarget,
}
