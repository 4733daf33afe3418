use http::{Extensions, Request, request::Parts};

use super::{Feature, Features};

/// Reaches the features of a request: for [`http::Request`] and its [`Parts`].
///
/// ```
/// use transom::features::{PathBase, RequestExt};
///
/// let (mut parts, ()) = http::Request::new(()).into_parts();
/// parts.features_mut().insert(PathBase::new("/app")?);
/// assert_eq!(parts.feature::<PathBase>().unwrap().as_str(), "/app");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub trait RequestExt: sealed::Sealed {
    /// Returns the features; empty for a request that no server made.
    fn features(&self) -> &Features;

    /// Returns the features of the request scope, to add to or to replace.
    fn features_mut(&mut self) -> &mut Features;

    /// Returns one feature; the same as `self.features().get()`.
    fn feature<F: Feature + ?Sized>(&self) -> Option<&F> {
        self.features().get::<F>()
    }
}

static NONE: Features = Features::new();

fn features(extensions: &Extensions) -> &Features {
    extensions.get().unwrap_or(&NONE)
}

impl<B> RequestExt for Request<B> {
    fn features(&self) -> &Features {
        features(self.extensions())
    }

    fn features_mut(&mut self) -> &mut Features {
        self.extensions_mut().get_or_insert_default()
    }
}

impl RequestExt for Parts {
    fn features(&self) -> &Features {
        features(&self.extensions)
    }

    fn features_mut(&mut self) -> &mut Features {
        self.extensions.get_or_insert_default()
    }
}

mod sealed {
    #[expect(
        unnameable_types,
        reason = "sealed: called by everybody, implemented here alone"
    )]
    pub trait Sealed {}
    impl<B> Sealed for super::Request<B> {}
    impl Sealed for super::Parts {}
}
