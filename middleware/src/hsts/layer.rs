use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use tower_layer::Layer;

use super::Hsts;
use crate::InvalidHostPattern;
use crate::host_patterns::HostPatterns;

/// Makes of a service one that tells browsers to come over `https` only. See the [module](super).
#[derive(Clone, Debug)]
pub struct HstsLayer {
    max_age: Duration,
    include_subdomains: bool,
    preload: bool,
    excluded: Arc<HostPatterns>,
}

impl HstsLayer {
    /// Tells every host but this machine's own, for 30 days.
    pub fn new() -> Self {
        Self {
            max_age: Duration::from_secs(30 * 24 * 60 * 60),
            include_subdomains: false,
            preload: false,
            excluded: Arc::new(HostPatterns::of_this_machine()),
        }
    }

    /// Sets how long a browser shall remember, in whole seconds; what is less than one does not count. 30
    /// days by default. Zero makes it forget.
    #[must_use]
    pub fn with_max_age(self, max_age: Duration) -> Self {
        Self { max_age, ..self }
    }

    /// Sets whether it holds for the hosts below, too. Off by default.
    #[must_use]
    pub fn with_include_subdomains(self, included: bool) -> Self {
        Self {
            include_subdomains: included,
            ..self
        }
    }

    /// Sets whether the host may be put on the lists that browsers come with. Off by default.
    #[must_use]
    pub fn with_preload(self, preload: bool) -> Self {
        Self { preload, ..self }
    }

    /// Sets the hosts that are not told, in place of those before: names, addresses, or `*.example.com` for
    /// the names below one. `localhost`, `127.0.0.1` and `[::1]` by default.
    ///
    /// # Errors
    ///
    /// The first malformed pattern.
    pub fn with_excluded_hosts<P: AsRef<str>>(
        self,
        hosts: impl IntoIterator<Item = P>,
    ) -> Result<Self, InvalidHostPattern> {
        let excluded = HostPatterns::new(hosts)?;
        Ok(Self {
            excluded: Arc::new(excluded),
            ..self
        })
    }

    /// Returns the field; digits and names are always a valid one.
    fn value(&self) -> Option<HeaderValue> {
        let subdomains = match self.include_subdomains {
            true => "; includeSubDomains",
            false => "",
        };
        let preload = if self.preload { "; preload" } else { "" };
        let seconds = self.max_age.as_secs();
        HeaderValue::try_from(format!("max-age={seconds}{subdomains}{preload}")).ok()
    }
}

impl Default for HstsLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for HstsLayer {
    type Service = Hsts<S>;

    fn layer(&self, inner: S) -> Hsts<S> {
        Hsts::new(inner, self.value(), Arc::clone(&self.excluded))
    }
}
