use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use transom::RequestExt;
use transom::features::TlsInfo;

use super::form::{Form, chain, is_sequence};
use crate::proxies::{KnownProxies, Peer};

/// The options, and what is done by them.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(super) name: HeaderName,
    pub(super) form: Form,
    pub(super) proxies: KnownProxies,
    pub(super) max_size: usize,
    pub(super) max_chain_length: usize,
}

/// Marks a request whose certificate is the one that a proxy told of: what else it has fields for is a client's word.
#[derive(Clone)]
struct Told;

impl Rules {
    pub(super) fn new(name: HeaderName, form: Form) -> Self {
        Self {
            name,
            form,
            proxies: KnownProxies::default(),
            max_size: 32 * 1024,
            max_chain_length: 10,
        }
    }

    /// Makes the certificate of a request the one that the proxy was shown.
    pub(crate) fn apply<B>(&self, request: &mut Request<B>) {
        let own = take(request.headers_mut(), &self.name);
        let chain = match self.form {
            Form::Rfc9440 => take(request.headers_mut(), &CHAIN),
            _ => Vec::new(),
        };
        let peer = Peer::of(request);
        if !self.proxies.trust(peer) {
            if !own.is_empty() || !chain.is_empty() {
                tracing::debug!(proxy = %peer, field = %self.name, "an unknown proxy; its certificate of a client is not taken over");
            }
            return;
        }
        if request.extensions_mut().insert(Told).is_some() {
            return;
        }
        let certificates = self.read(&own, &chain).unwrap_or_else(|problem| {
            tracing::warn!(proxy = %peer, field = %self.name, "the certificate of a client is not taken over: {problem}");
            Vec::new()
        });
        if !certificates.is_empty() {
            let tls = TlsInfo::forwarded().with_client_certificates(certificates);
            request.features_mut().insert(tls);
        } else if let Some(tls) = request.feature::<TlsInfo>()
            && tls.client_certificate().is_some()
        {
            // The proxy's own.
            let tls = tls.clone().with_client_certificates(Vec::new());
            request.features_mut().insert(tls);
        }
    }

    /// Returns the certificates, the client's own first; none if the proxy was shown none.
    fn read(
        &self,
        own: &[HeaderValue],
        chain_lines: &[HeaderValue],
    ) -> Result<Vec<Bytes>, &'static str> {
        let lines = own.iter().chain(chain_lines);
        if lines.map(HeaderValue::len).sum::<usize>() > self.max_size {
            return Err("it is longer than it may be");
        }
        let own = match own {
            [] => &b""[..],
            [one] => one.as_bytes().trim_ascii(),
            _ => return Err("it is there more than once"),
        };
        // The second is what Apache writes for a variable that is not set.
        if matches!(own, b"" | b"(null)") {
            return match chain_lines {
                [] => Ok(Vec::new()),
                _ => Err("there is a chain without it"),
            };
        }
        let mut certificates = self.form.read(own)?;
        if !chain_lines.is_empty() {
            let lines: Vec<_> = chain_lines.iter().map(HeaderValue::as_bytes).collect();
            certificates.extend(chain(&lines.join(&b", "[..]))?);
        }
        if certificates.len() > self.max_chain_length {
            return Err("there are more certificates than there may be");
        }
        match certificates.iter().all(|one| is_sequence(one)) {
            true => Ok(certificates),
            false => Err("it is not whole DER"),
        }
    }
}

fn take(headers: &mut HeaderMap, name: &HeaderName) -> Vec<HeaderValue> {
    let lines: Vec<_> = headers.get_all(name).iter().cloned().collect();
    headers.remove(name);
    lines
}

const CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");
