use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::rules::Rules;
use super::{BehindIis, Iis};

/// Lets only IIS in, and shows a service what IIS saw. Made by [`Iis::into_layer`].
#[derive(Clone)]
pub struct IisLayer {
    rules: Arc<Rules>,
}

impl IisLayer {
    pub(super) fn new(iis: Iis, shutdown: Box<dyn Fn() + Send + Sync>) -> Self {
        Self {
            rules: Arc::new(Rules::new(iis, shutdown)),
        }
    }
}

impl<S> Layer<S> for IisLayer {
    type Service = BehindIis<S>;

    fn layer(&self, inner: S) -> BehindIis<S> {
        BehindIis::new(inner, Arc::clone(&self.rules))
    }
}

impl fmt::Debug for IisLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IisLayer").field(self.rules.iis()).finish()
    }
}
