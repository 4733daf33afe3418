use transom::ApplicationBuilder;

use super::OwinLayer;

/// Adds OWIN middleware to a pipeline: [`layer`](ApplicationBuilder::layer) with an [`OwinLayer`], in ASP.NET's words.
///
/// ```
/// use transom::ApplicationBuilder;
/// use transom_middleware::owin::{AppFunc, UseOwin};
///
/// let nothing = |next: AppFunc| next;
/// let app = ApplicationBuilder::new().use_owin(|owin| owin.with(nothing).with(nothing)).build();
/// assert_eq!(format!("{app:?}"), "[layer OwinLayer, 404]");
/// ```
pub trait UseOwin {
    /// Adds one stage with all the middleware that `add` adds: one environment serves it all.
    #[must_use]
    fn use_owin(self, add: impl FnOnce(OwinLayer) -> OwinLayer) -> Self;
}

impl UseOwin for ApplicationBuilder {
    fn use_owin(self, add: impl FnOnce(OwinLayer) -> OwinLayer) -> Self {
        self.layer(add(OwinLayer::new()))
    }
}
