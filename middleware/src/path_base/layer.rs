use tower_layer::Layer;
use transom::features::{InvalidPathBase, PathBase};

use super::TakePathBase;

/// Takes a prefix off the path. See the [module](super).
#[doc(alias = "UsePathBase")]
#[derive(Clone, Debug)]
pub struct PathBaseLayer {
    base: PathBase,
}

impl PathBaseLayer {
    /// Takes `path` off, if it is there. Slashes at its end do not count; an empty path changes nothing.
    ///
    /// # Errors
    ///
    /// It does not begin with `/`, or holds what a path cannot.
    pub fn new(path: &str) -> Result<Self, InvalidPathBase> {
        PathBase::new(path).map(|base| Self { base })
    }
}

impl<S> Layer<S> for PathBaseLayer {
    type Service = TakePathBase<S>;

    fn layer(&self, inner: S) -> TakePathBase<S> {
        TakePathBase::new(inner, self.base.clone())
    }
}
