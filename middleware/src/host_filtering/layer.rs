use std::sync::Arc;

use tower_layer::Layer;

use super::HostFiltering;
use crate::InvalidHostPattern;
use crate::host_patterns::HostPatterns;

/// Makes of a service one that answers for certain hosts only. See the [module](super).
#[derive(Clone, Debug)]
pub struct HostFilteringLayer {
    options: Options,
}

#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) hosts: Arc<HostPatterns>,
    pub(super) empty_hosts: bool,
    pub(super) failure_message: bool,
}

impl HostFilteringLayer {
    /// Lets requests for these hosts through.
    ///
    /// # Errors
    ///
    /// The first malformed pattern; or that there is none.
    pub fn new<P: AsRef<str>>(
        hosts: impl IntoIterator<Item = P>,
    ) -> Result<Self, InvalidHostPattern> {
        let hosts = HostPatterns::at_least_one(hosts)?;
        let options = Options {
            hosts: Arc::new(hosts),
            empty_hosts: true,
            failure_message: true,
        };
        Ok(Self { options })
    }

    /// Sets whether requests without a host are let through, as HTTP/1.0 allows them. They are by default.
    #[must_use]
    pub fn with_empty_hosts(mut self, allowed: bool) -> Self {
        self.options.empty_hosts = allowed;
        self
    }

    /// Sets whether a refusal says in HTML what is wrong. It does by default.
    #[must_use]
    pub fn with_failure_message(mut self, included: bool) -> Self {
        self.options.failure_message = included;
        self
    }
}

impl<S> Layer<S> for HostFilteringLayer {
    type Service = HostFiltering<S>;

    fn layer(&self, inner: S) -> HostFiltering<S> {
        HostFiltering::new(inner, self.options.clone())
    }
}
