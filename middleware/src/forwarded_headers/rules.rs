use std::io::Write;
use std::net::SocketAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use transom::RequestExt;
use transom::features::{ConnectionInfo, Endpoint, PathBase, Scheme, Transport};

use super::ForwardedPart;
use super::hops::{self, Hops};
use crate::host::Host;
use crate::host_patterns::HostPatterns;
use crate::proxies::{DirectPeer, KnownProxies, Peer};

/// The options, and what is done by them.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(super) source: Source,
    /// By [`ForwardedPart::index`].
    pub(super) enabled: [bool; 4],
    pub(super) names: Names,
    pub(super) limit: Option<usize>,
    pub(super) proxies: KnownProxies,
    pub(super) hosts: HostPatterns,
    pub(super) symmetry: bool,
}

/// Where the parts are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A field for each.
    Separate,
    /// RFC 7239's one field.
    Forwarded,
}

/// The fields, by [`ForwardedPart::index`].
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) forwarded: [HeaderName; 4],
    pub(super) original: [HeaderName; 4],
}

impl Default for Names {
    fn default() -> Self {
        let names = |names: [&'static str; 4]| names.map(HeaderName::from_static);
        Self {
            forwarded: names([
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-proto",
                "x-forwarded-prefix",
            ]),
            original: names([
                "x-original-for",
                "x-original-host",
                "x-original-proto",
                "x-original-prefix",
            ]),
        }
    }
}

/// What the client looks like to the proxies that are believed.
#[derive(Default)]
struct Client {
    address: Option<SocketAddr>,
    scheme: Option<Scheme>,
    host: Option<HeaderValue>,
    prefix: Option<PathBase>,
    /// How many proxies are believed.
    hops: usize,
}

impl Rules {
    /// Makes the request that of the client.
    pub(crate) fn apply<B>(&self, request: &mut Request<B>) {
        // The layer works once, wherever it stands besides.
        if request.extensions().get::<DirectPeer>().is_some() {
            return;
        }
        let peer = Peer::of(request);
        let hops = Hops::read(self, request.headers());
        if hops.hops.is_empty() {
            return;
        }
        if let Some(client) = self.follow(peer, &hops) {
            self.write(client, request);
            request.extensions_mut().insert(DirectPeer(peer));
        }
    }

    pub(super) fn enables(&self, part: ForwardedPart) -> bool {
        self.enabled[part.index()]
    }

    /// Returns whether the part is not in `Forwarded`.
    pub(super) fn has_own_field(&self, part: ForwardedPart) -> bool {
        self.source == Source::Separate || part == ForwardedPart::Prefix
    }

    /// Goes from proxy to proxy as long as they are trusted. `None` if nothing shall change.
    fn follow(&self, peer: Peer, hops: &Hops<'_>) -> Option<Client> {
        if self.symmetry && !hops.are_symmetric(self) {
            tracing::warn!("forwarded parts are not there equally often; none is taken over");
            return None;
        }
        let mut client = Client::default();
        let mut current = peer;
        for hop in &hops.hops {
            if !self.proxies.trust(current) {
                tracing::debug!(proxy = %current, "an unknown proxy; what it forwards is not taken over");
                break;
            }
            if hop.malformed {
                tracing::debug!(
                    "a malformed element of Forwarded; it and those before it are not taken over"
                );
                break;
            }
            if self.enables(ForwardedPart::For) {
                let node = hop.get(ForwardedPart::For);
                match super::node::parse(node) {
                    Some(address) => {
                        client.address = Some(address);
                        current = Peer::Ip(address.ip());
                    }
                    None if !node.is_empty() => {
                        tracing::debug!(
                            node,
                            "not an address; it and those before it are not taken over"
                        );
                        break;
                    }
                    None => self.missing(ForwardedPart::For)?,
                }
            }
            if self.enables(ForwardedPart::Proto) {
                match scheme(hop.get(ForwardedPart::Proto)) {
                    Some(scheme) => client.scheme = Some(scheme),
                    None => self.missing(ForwardedPart::Proto)?,
                }
            }
            if self.enables(ForwardedPart::Host) {
                match self.host(hop.get(ForwardedPart::Host)) {
                    Some(host) => client.host = Some(host),
                    None => self.missing(ForwardedPart::Host)?,
                }
            }
            if self.enables(ForwardedPart::Prefix) {
                match prefix(hop.get(ForwardedPart::Prefix)) {
                    Some(prefix) => client.prefix = Some(prefix),
                    None => self.missing(ForwardedPart::Prefix)?,
                }
            }
            client.hops += 1;
        }
        client.is_known().then_some(client)
    }

    /// What becomes of a value that is missing or cannot be used: it is left out, or with symmetry
    /// everything is (`None`).
    fn missing(&self, part: ForwardedPart) -> Option<()> {
        if self.symmetry {
            tracing::warn!(?part, "a proxy did not forward a part; none is taken over");
            return None;
        }
        Some(())
    }

    fn host(&self, text: &str) -> Option<HeaderValue> {
        let host = Host::parse(text)?;
        if !self.hosts.is_empty() && !self.hosts.allow(host) {
            tracing::debug!(host = text, "not an allowed host; it is not taken over");
            return None;
        }
        HeaderValue::from_str(text).ok()
    }

    fn write<B>(&self, client: Client, request: &mut Request<B>) {
        let mut from_forwarded = false;
        let mut consume =
            |headers: &mut HeaderMap, part: ForwardedPart, original: Option<HeaderValue>| {
                if let Some(original) = original {
                    headers.insert(&self.names.original[part.index()], original);
                }
                if self.has_own_field(part) {
                    hops::truncate(headers, &self.names.forwarded[part.index()], client.hops);
                } else {
                    from_forwarded = true;
                }
            };
        if let Some(address) = client.address {
            let info = request.feature::<ConnectionInfo>().cloned();
            let original = info.as_ref().and_then(ConnectionInfo::remote);
            let original = original.and_then(Endpoint::socket_addr);
            let original = original.and_then(as_field);
            consume(request.headers_mut(), ForwardedPart::For, original);
            let info = info.unwrap_or_else(|| ConnectionInfo::new(Transport::Tcp));
            let info = info.with_remote(Endpoint::Tcp(address));
            request.features_mut().insert(info);
        }
        if let Some(scheme) = client.scheme {
            let original = request.feature::<Scheme>();
            let original = original.map(|scheme| HeaderValue::from_static(scheme.as_str()));
            consume(request.headers_mut(), ForwardedPart::Proto, original);
            request.features_mut().insert(scheme);
        }
        if let Some(host) = client.host {
            let original = request.headers().get(header::HOST).cloned();
            consume(request.headers_mut(), ForwardedPart::Host, original);
            request.headers_mut().insert(header::HOST, host);
        }
        if let Some(prefix) = client.prefix {
            let original = request.feature::<PathBase>();
            let original = original.filter(|base| !base.as_str().is_empty());
            let original = original.and_then(|base| HeaderValue::from_str(base.as_str()).ok());
            consume(request.headers_mut(), ForwardedPart::Prefix, original);
            request.features_mut().insert(prefix);
        }
        if from_forwarded {
            hops::truncate_forwarded(request.headers_mut(), client.hops);
        }
    }
}

impl Client {
    fn is_known(&self) -> bool {
        self.address.is_some()
            || self.scheme.is_some()
            || self.host.is_some()
            || self.prefix.is_some()
    }
}

/// Writes an address without a string in between: each request has one.
fn as_field(address: SocketAddr) -> Option<HeaderValue> {
    // Longer than any: `[ffff:...:ffff%4294967295]:65535` has 58 bytes.
    let mut text = [0_u8; 64];
    let mut rest = &mut text[..];
    write!(rest, "{address}").ok()?;
    let left = rest.len();
    HeaderValue::from_bytes(&text[..text.len() - left]).ok()
}

fn scheme(text: &str) -> Option<Scheme> {
    [Scheme::Http, Scheme::Https]
        .into_iter()
        .find(|scheme| scheme.as_str().eq_ignore_ascii_case(text))
}

/// A prefix of two slashes would make the name of a host of what follows them in a link.
fn prefix(text: &str) -> Option<PathBase> {
    let rooted = text.starts_with('/') && !text.starts_with("//");
    rooted.then(|| PathBase::new(text).ok()).flatten()
}
