use std::env;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderName;
use tower_layer::Layer;

use super::rules::{Names, Rules, Source};
use super::{ForwardedHeaders, ForwardedPart, IpNetwork};
use crate::InvalidHostPattern;
use crate::host_patterns::HostPatterns;
use crate::proxies::KnownProxies;

/// Makes of a service one that sees what a trusted proxy saw. See the [module](super).
#[derive(Clone, Debug)]
pub struct ForwardedHeadersLayer {
    rules: Arc<Rules>,
}

impl ForwardedHeadersLayer {
    /// The variable that [`from_env`](Self::from_env) reads.
    pub const VARIABLE: &'static str = "TRANSOM_FORWARDEDHEADERS_ENABLED";

    /// Reads these parts from the `X-Forwarded-*` fields, and no other.
    ///
    /// Name what the proxy sets, and nothing that it hands through: that would come from the client.
    pub fn new(parts: impl IntoIterator<Item = ForwardedPart>) -> Self {
        Self::of(Source::Separate, parts)
    }

    /// Reads these parts from RFC 7239's `Forwarded` field, and not from the `X-Forwarded-*` ones; but the
    /// prefix, of which that field knows nothing, from `X-Forwarded-Prefix`.
    pub fn rfc7239(parts: impl IntoIterator<Item = ForwardedPart>) -> Self {
        Self::of(Source::Forwarded, parts)
    }

    /// Returns the layer that the environment asks for: with [`VARIABLE`](Self::VARIABLE) `true` or `1`, one
    /// for [`For`](ForwardedPart::For) and [`Proto`](ForwardedPart::Proto) that trusts any peer; with
    /// `false`, `0`, the empty text or none at all, nothing. For platforms where only the proxy can reach
    /// the application.
    ///
    /// # Errors
    ///
    /// The variable holds something else.
    pub fn from_env() -> Result<Option<Self>, InvalidSwitch> {
        let value = env::var_os(Self::VARIABLE).unwrap_or_default();
        let value = value.to_string_lossy();
        match &*value.to_ascii_lowercase() {
            "true" | "1" => {
                let parts = [ForwardedPart::For, ForwardedPart::Proto];
                Ok(Some(Self::new(parts).with_any_proxy()))
            }
            "false" | "0" | "" => Ok(None),
            _ => Err(InvalidSwitch(value.into_owned())),
        }
    }

    /// Sets how many proxies are believed, counted from the application; `None` for any number. 1 by
    /// default.
    #[must_use]
    pub fn with_forward_limit(self, limit: Option<usize>) -> Self {
        self.with(|rules| rules.limit = limit)
    }

    /// Sets the addresses of trusted proxies, in place of those before. `[::1]` by default.
    #[must_use]
    pub fn with_known_proxies(self, proxies: impl IntoIterator<Item = IpAddr>) -> Self {
        self.with(|rules| rules.proxies.addresses = proxies.into_iter().collect())
    }

    /// Sets the networks of trusted proxies, in place of those before. `127.0.0.0/8` by default.
    #[must_use]
    pub fn with_known_networks(self, networks: impl IntoIterator<Item = IpNetwork>) -> Self {
        self.with(|rules| rules.proxies.networks = networks.into_iter().collect())
    }

    /// Trusts every peer: forgets the known proxies and networks. Only for where nobody but the proxy can
    /// connect.
    #[must_use]
    pub fn with_any_proxy(self) -> Self {
        self.with_known_proxies([]).with_known_networks([])
    }

    /// Sets which forwarded hosts are taken over: names, addresses, `*.example.com` for the names below
    /// one, `*` for all. None are given by default, which means all.
    ///
    /// # Errors
    ///
    /// The first malformed pattern.
    pub fn with_allowed_hosts<P: AsRef<str>>(
        self,
        hosts: impl IntoIterator<Item = P>,
    ) -> Result<Self, InvalidHostPattern> {
        let hosts = HostPatterns::new(hosts)?;
        Ok(self.with(|rules| rules.hosts = hosts))
    }

    /// Sets whether every part has to be there as often as every other; if not, nothing is changed. Off by
    /// default.
    #[must_use]
    pub fn with_header_symmetry(self, required: bool) -> Self {
        self.with(|rules| rules.symmetry = required)
    }

    /// Sets the field that a part is read from. `X-Forwarded-For`, `-Host`, `-Proto` and `-Prefix` by
    /// default.
    #[must_use]
    pub fn with_header_name(self, part: ForwardedPart, name: HeaderName) -> Self {
        self.with(|rules| rules.names.forwarded[part.index()] = name)
    }

    /// Sets the field that keeps what a part replaced. `X-Original-For`, `-Host`, `-Proto` and `-Prefix` by
    /// default.
    #[must_use]
    pub fn with_original_header_name(self, part: ForwardedPart, name: HeaderName) -> Self {
        self.with(|rules| rules.names.original[part.index()] = name)
    }

    #[cfg(feature = "iis")]
    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    fn of(source: Source, parts: impl IntoIterator<Item = ForwardedPart>) -> Self {
        let mut enabled = [false; 4];
        for part in parts {
            enabled[part.index()] = true;
        }
        let rules = Rules {
            source,
            enabled,
            names: Names::default(),
            limit: Some(1),
            proxies: KnownProxies::default(),
            hosts: HostPatterns::default(),
            symmetry: false,
        };
        Self {
            rules: Arc::new(rules),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(Arc::make_mut(&mut self.rules));
        self
    }
}

impl<S> Layer<S> for ForwardedHeadersLayer {
    type Service = ForwardedHeaders<S>;

    fn layer(&self, inner: S) -> ForwardedHeaders<S> {
        ForwardedHeaders::new(inner, Arc::clone(&self.rules))
    }
}

/// The environment asks for forwarded headers with neither yes nor no; see
/// [`ForwardedHeadersLayer::from_env`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSwitch(String);

impl fmt::Display for InvalidSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ForwardedHeadersLayer::VARIABLE;
        write!(f, "{name} is `{}`; it may be `true` or `false`", self.0)
    }
}

impl Error for InvalidSwitch {}
