use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use super::request_scope::RequestFeatures;
use super::{MissingFeature, OriginalTarget, RequestScope, ServerInfo};

/// A fact or a capability attached to a server, a connection or a request.
///
/// Opt-in, so that nothing is found by accident. `Self` may be a `dyn Trait`: then several servers supply
/// different implementations of one capability, and applications ask for one key.
///
/// ```
/// use std::sync::Arc;
/// use transom::features::{Feature, Features};
///
/// trait Clock: Send + Sync {
///     fn now(&self) -> u64;
/// }
///
/// impl Feature for dyn Clock {
///     const NAME: &'static str = "example.clock";
/// }
///
/// struct Stopped;
/// impl Clock for Stopped {
///     fn now(&self) -> u64 {
///         7
///     }
/// }
///
/// let mut features = Features::new();
/// features.insert_shared::<dyn Clock>(Arc::new(Stopped));
/// assert_eq!(features.get::<dyn Clock>().unwrap().now(), 7);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a feature",
    note = "known features: ServerAddresses, ServerInfo, ServerLifetime, ServerLimits, ServerReload, ServerStatistics, ServerVariables, EndsByItself, \
            ConnectionInfo, Scheme, ProxyProtocolInfo, TlsInfo, RequestLifetime, RequestIdentifier, MaxRequestBodySize, \
            OriginalTarget, PathBase, ResponseTrailers, ExtendedConnect, dyn Upgrade",
    note = "a type of your own becomes one with `impl transom::Feature`; wrap a foreign one, such as `String`, in a \
            type of your own"
)]
pub trait Feature: Send + Sync + 'static {
    /// The name in logs and error messages, as `scope.noun`; never used to look a feature up.
    const NAME: &'static str;
}

/// A collection of [features](Feature), found by type, with an optional parent to look in next.
///
/// A clone is a collection of its own over the same values and the same parent.
///
/// ```
/// use std::sync::Arc;
/// use transom::features::{Features, PathBase};
///
/// let mut server = Features::new();
/// server.insert(PathBase::new("/app")?);
///
/// let mut request = Features::scope(Arc::new(server));
/// assert_eq!(request.get::<PathBase>().unwrap().as_str(), "/app");
///
/// request.insert(PathBase::new("/app/admin")?); // the nearest wins
/// assert_eq!(request.get::<PathBase>().unwrap().as_str(), "/app/admin");
///
/// request.remove::<PathBase>(); // removes here; the parent shows again
/// assert_eq!(request.get::<PathBase>().unwrap().as_str(), "/app");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "IFeatureCollection")]
#[doc(alias = "FeatureCollection")]
#[derive(Clone, Default)]
pub struct Features {
    entries: Vec<Entry>,
    /// The standard features of a request.
    request: Option<RequestFeatures>,
    parent: Option<Arc<Features>>,
    revision: u64,
}

#[derive(Clone)]
struct Entry {
    key: TypeId,
    name: &'static str,
    /// An `Arc<F>`: sized even where `F` is a `dyn Trait`, so that it can be downcast.
    value: Arc<dyn Any + Send + Sync>,
}

impl Features {
    /// Returns an empty collection.
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
            request: None,
            parent: None,
            revision: 0,
        }
    }

    /// Returns an empty collection whose lookups go on in `parent`.
    pub fn scope(parent: Arc<Features>) -> Self {
        Self {
            parent: Some(parent),
            ..Self::new()
        }
    }

    /// Returns the collection of one request: `request` and `target` over the features of its connection.
    pub fn of_request(
        connection: Arc<Features>,
        request: Arc<RequestScope>,
        target: OriginalTarget,
    ) -> Self {
        Self {
            request: Some(RequestFeatures::new(request, target)),
            parent: Some(connection),
            ..Self::new()
        }
    }

    /// Returns a feature: this scope's own, or else the parent's.
    pub fn get<F: Feature + ?Sized>(&self) -> Option<&F> {
        let key = TypeId::of::<F>();
        let mut scope = self;
        loop {
            if let Some(value) = scope.entry(key) {
                return value.downcast_ref::<Arc<F>>().map(|feature| &**feature);
            }
            if let Some(feature) = scope.request.as_ref().and_then(RequestFeatures::get::<F>) {
                return Some(feature);
            }
            scope = scope.parent.as_deref()?;
        }
    }

    /// As [`get`](Self::get), but returns a handle that outlives the collection.
    pub fn get_shared<F: Feature + ?Sized>(&self) -> Option<Arc<F>> {
        let key = TypeId::of::<F>();
        let mut scope = self;
        loop {
            if let Some(value) = scope.entry(key) {
                return value.downcast_ref::<Arc<F>>().cloned();
            }
            if let Some(feature) = scope
                .request
                .as_ref()
                .and_then(RequestFeatures::get_shared::<F>)
            {
                return Some(feature);
            }
            scope = scope.parent.as_deref()?;
        }
    }

    /// As [`get`](Self::get), for a feature that the caller cannot do without.
    ///
    /// # Errors
    ///
    /// Names the feature that is missing, the server that lacks it, and what there is instead.
    #[doc(alias = "GetRequiredFeature")]
    pub fn require<F: Feature + ?Sized>(&self) -> Result<&F, MissingFeature> {
        self.get::<F>().ok_or_else(|| {
            let server = self.get::<ServerInfo>().map(ToString::to_string);
            MissingFeature::new(F::NAME, server, self.names().collect())
        })
    }

    /// Returns whether the feature is there.
    pub fn contains<F: Feature + ?Sized>(&self) -> bool {
        self.get::<F>().is_some()
    }

    /// Adds a feature to this scope; one of the same type is replaced here, and hidden in the parents.
    pub fn insert<F: Feature>(&mut self, feature: F) {
        self.insert_shared(Arc::new(feature));
    }

    /// As [`insert`](Self::insert), for a handle; the way to add a `dyn Trait`.
    pub fn insert_shared<F: Feature + ?Sized>(&mut self, feature: Arc<F>) {
        self.revision += 1;
        let entry = Entry {
            key: TypeId::of::<F>(),
            name: F::NAME,
            value: Arc::new(feature),
        };
        match self.entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }

    /// Removes a feature that was inserted here, and returns whether there was one. What a parent holds
    /// cannot be hidden by it.
    pub fn remove<F: Feature + ?Sized>(&mut self) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.key != TypeId::of::<F>());
        let removed = self.entries.len() < before;
        self.revision += u64::from(removed);
        removed
    }

    /// Returns a number that grows with every change, here or in a parent that this collection was made
    /// over: a cache of a lookup is good as long as it stays the same.
    pub fn revision(&self) -> u64 {
        self.revision + self.parent.as_deref().map_or(0, Self::revision)
    }

    /// Returns the name of every feature that a lookup would find, the nearest scope first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let mut names = Vec::new();
        let mut scope = Some(self);
        while let Some(features) = scope {
            let own = features.entries.iter().map(|entry| entry.name);
            let standard = features.request.iter().flat_map(|_| RequestFeatures::NAMES);
            for name in own.chain(standard) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            scope = features.parent.as_deref();
        }
        names.into_iter()
    }

    fn entry(&self, key: TypeId) -> Option<&(dyn Any + Send + Sync)> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(&*entry.value)
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Features ")?;
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One(u8);
    impl Feature for One {
        const NAME: &'static str = "test.one";
    }

    trait Speaks: Send + Sync {
        fn word(&self) -> &'static str;
    }
    impl Feature for dyn Speaks {
        const NAME: &'static str = "test.speaks";
    }
    struct Bark;
    impl Speaks for Bark {
        fn word(&self) -> &'static str {
            "bark"
        }
    }

    #[test]
    fn the_nearest_scope_wins_and_a_removal_shows_the_parent_again() {
        let mut parent = Features::new();
        parent.insert(One(1));
        let mut child = Features::scope(Arc::new(parent));
        assert_eq!(child.get::<One>().map(|one| one.0), Some(1));
        child.insert(One(2));
        assert_eq!(child.get::<One>().map(|one| one.0), Some(2));
        assert!(child.remove::<One>());
        assert_eq!(child.get::<One>().map(|one| one.0), Some(1));
        assert!(
            !child.remove::<One>(),
            "a parent's feature cannot be removed from here"
        );
        assert!(child.contains::<One>());
    }

    #[test]
    fn the_revision_grows_with_every_change_in_either_layer() {
        let mut parent = Features::new();
        parent.insert(One(1));
        let mut child = Features::scope(Arc::new(parent));
        assert_eq!(child.revision(), 1);
        child.insert(One(2));
        child.insert(One(2));
        assert_eq!(child.revision(), 3, "inserting the same again counts");
        child.remove::<One>();
        assert_eq!(child.revision(), 4);
        child.remove::<One>();
        assert_eq!(child.revision(), 4, "removing nothing does not count");
    }

    #[test]
    fn a_trait_object_is_a_key() {
        let mut features = Features::new();
        features.insert_shared::<dyn Speaks>(Arc::new(Bark));
        assert_eq!(features.get::<dyn Speaks>().map(Speaks::word), Some("bark"));
        let shared = features.get_shared::<dyn Speaks>();
        drop(features);
        assert_eq!(shared.map(|speaks| speaks.word()), Some("bark"));
    }

    #[test]
    fn a_clone_does_not_write_through() {
        let mut one = Features::new();
        one.insert(One(1));
        let mut two = one.clone();
        two.insert(One(2));
        assert_eq!(one.get::<One>().map(|one| one.0), Some(1));
    }

    #[test]
    fn names_list_each_once_the_nearest_first() {
        let mut parent = Features::new();
        parent.insert(One(1));
        parent.insert_shared::<dyn Speaks>(Arc::new(Bark));
        let mut child = Features::scope(Arc::new(parent));
        child.insert(One(2));
        assert_eq!(
            child.names().collect::<Vec<_>>(),
            ["test.one", "test.speaks"]
        );
        assert_eq!(
            format!("{child:?}"),
            r#"Features {"test.one", "test.speaks"}"#
        );
    }

    #[test]
    fn a_missing_feature_says_what_is_missing_where_and_what_there_is() {
        let mut features = Features::new();
        features.insert(ServerInfo::new("tiny_http", "0.12.0"));
        features.insert(One(1));
        let error = features
            .require::<dyn Speaks>()
            .err()
            .map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some(
                "the server tiny_http/0.12.0 does not provide the feature `test.speaks`; it provides server.info, test.one"
            ),
        );
    }
}
